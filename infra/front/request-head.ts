/**
 * Reads and rewrites one HTTP/1.1 request head (RFC 9112). Strict: whatever two parsers could understand differently is
 * refused, because behind us workerd parses the same bytes again. Pure.
 */
export const MAX_HEAD_BYTES = 128 * 1024;
export const MAX_TARGET_BYTES = 16 * 1024;

export interface RequestHead {
  /** The head to forward. */
  readonly text: string;
  readonly body: { readonly kind: "none" | "chunked" } | { readonly kind: "length"; readonly bytes: number };
  /** The response may be 101, after which the connection is no longer HTTP. */
  readonly upgrade: boolean;
}

export type HeadResult =
  | { readonly ok: true; readonly head: RequestHead }
  | { readonly ok: false; readonly status: 400 | 414 | 431 | 505; readonly reason: string };

const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ ([\x21-\x7e]+) HTTP\/(\d\.\d)$/;
// A name touches its colon; a value is visible text with inner blanks. A line that continues another one (obs-fold) has
// no name, and a bare CR or LF is no visible text: both fail here.
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;
// workerd builds `request.url` from it: a slash in it would move the path.
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

const bad = (reason: string): HeadResult => ({ ok: false, status: 400, reason });

/**
 * Judges a head that ends in an empty line, drops what only a front may say (`x-drover-*`, `x-forwarded-*`,
 * `cf-connecting-ip`) and adds `ours` (header lines, each ending in CRLF).
 */
export function rewriteHead(text: string, ours: string): HeadResult {
  const lines = text.split("\r\n");
  const request = REQUEST_LINE.exec(lines[0] ?? "");
  if (request === null) return bad("malformed request line");
  const [, target = "", version] = request;
  if (version !== "1.1" && version !== "1.0") return { ok: false, status: 505, reason: "HTTP/1.1 only" };
  if (target.length > MAX_TARGET_BYTES) return { ok: false, status: 414, reason: "request target too long" };
  // The absolute form would carry a second host, and `*` is for proxies.
  if (!target.startsWith("/")) return bad("the request target must start with a slash");
  let length: string | undefined;
  let encoding: string | undefined;
  let host: string | undefined;
  let upgrade = false;
  let dropped = false;
  // The last two are the empty line and what split() finds behind it.
  for (let index = 1; index < lines.length - 2; index += 1) {
    const field = FIELD.exec(lines[index] ?? "");
    if (field === null) return bad("malformed header");
    const [, name = "", value = ""] = field;
    switch (classify(name.toLowerCase())) {
      case "drop":
        lines[index] = "";
        dropped = true;
        break;
      case "content-length":
        if (length !== undefined) return bad("repeated Content-Length");
        length = value.trim();
        break;
      case "transfer-encoding":
        if (encoding !== undefined) return bad("repeated Transfer-Encoding");
        encoding = value.trim().toLowerCase();
        break;
      case "host":
        if (host !== undefined) return bad("repeated Host");
        host = value.trim();
        break;
      case "upgrade":
        upgrade = true;
        break;
      case "other":
    }
  }
  if (host === undefined || !HOST.test(host)) return bad("missing or malformed Host");
  const kept = dropped ? `${lines.filter((line) => line !== "").join("\r\n")}\r\n` : text.slice(0, -2);
  const body = bodyOf(length, encoding);
  if (body === undefined) return bad("malformed or contradictory Content-Length or Transfer-Encoding");
  if (body.kind === "chunked" && version === "1.0") return bad("Transfer-Encoding needs HTTP/1.1");
  if (body.kind !== "none" && upgrade) return bad("an Upgrade request has no body");
  return { ok: true, head: { text: `${kept}${ours}\r\n`, body, upgrade } };
}

type FieldClass = "drop" | "content-length" | "transfer-encoding" | "host" | "upgrade" | "other";

function classify(name: string): FieldClass {
  switch (name) {
    case "content-length":
    case "transfer-encoding":
    case "host":
    case "upgrade":
      return name;
    case "cf-connecting-ip":
      return "drop";
    default:
      return name.startsWith("x-drover-") || name.startsWith("x-forwarded-") ? "drop" : "other";
  }
}

function bodyOf(length: string | undefined, encoding: string | undefined): RequestHead["body"] | undefined {
  if (encoding !== undefined)
    return encoding === "chunked" && length === undefined ? { kind: "chunked" } : undefined;
  if (length === undefined) return { kind: "none" };
  if (!/^\d{1,15}$/.test(length)) return undefined;
  const bytes = Number(length);
  return bytes === 0 ? { kind: "none" } : { kind: "length", bytes };
}
