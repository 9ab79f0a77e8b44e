/** URLs as Go's net/url reads them (`ParseRequestURI`), for `format: uri` and CEL's url library. Pure. */
import { parseAddress } from "./ip.ts";

export interface GoUrl {
  readonly scheme: string;
  /** What follows the scheme when that has no slash: `mailto:a@b`. */
  readonly opaque: string;
  /** With port and brackets. */
  readonly host: string;
  readonly path: string;
  readonly escapedPath: string;
  readonly rawQuery: string;
}

/** `undefined` when Go refuses it. */
export function parseGoUrl(text: string): GoUrl | undefined {
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  if (text === "" || /[\x00-\x1f\x7f]/.test(text)) return undefined;
  if (text === "*") return { scheme: "", opaque: "", host: "", path: "*", escapedPath: "*", rawQuery: "" };
  const { scheme, rest: afterScheme } = splitScheme(text) ?? { scheme: undefined, rest: "" };
  if (scheme === undefined) return undefined;
  const question = afterScheme.indexOf("?");
  const rest = question < 0 ? afterScheme : afterScheme.slice(0, question);
  const rawQuery = question < 0 ? "" : afterScheme.slice(question + 1);
  if (!rest.startsWith("/")) {
    // Without a scheme it would be relative, which a request URI must not be.
    if (scheme === "") return undefined;
    return { scheme, opaque: rest, host: "", path: "", escapedPath: "", rawQuery };
  }
  let host = "";
  let path = rest;
  if (scheme !== "" && rest.startsWith("//") && !rest.startsWith("///")) {
    const slash = rest.indexOf("/", 2);
    const authority = rest.slice(2, slash < 0 ? undefined : slash);
    path = slash < 0 ? "" : rest.slice(slash);
    const parsed = parseAuthority(authority);
    if (parsed === undefined) return undefined;
    host = parsed;
  }
  const decoded = unescape(path);
  return decoded === undefined
    ? undefined
    : { scheme, opaque: "", host, path: decoded, escapedPath: escaped(path), rawQuery };
}

function splitScheme(text: string): { scheme: string; rest: string } | undefined {
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:/.exec(text);
  if (match !== null)
    return { scheme: match[0].slice(0, -1).toLowerCase(), rest: text.slice(match[0].length) };
  return text.startsWith(":") ? undefined : { scheme: "", rest: text };
}

function parseAuthority(authority: string): string | undefined {
  const at = authority.lastIndexOf("@");
  if (
    at >= 0 &&
    (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at)) ||
      unescape(authority.slice(0, at)) === undefined)
  )
    return undefined;
  const host = authority.slice(at + 1);
  if (host.startsWith("[")) {
    const close = host.lastIndexOf("]");
    if (close < 0 || !isPort(host.slice(close + 1))) return undefined;
    const inner = host.slice(1, close).replace("%25", "%");
    if (parseAddress(inner)?.bytes.length !== 16) return undefined;
    return `[${inner}]${host.slice(close + 1)}`;
  }
  const colon = host.lastIndexOf(":");
  if (colon >= 0 && !isPort(host.slice(colon))) return undefined;
  // In a host only non-ASCII bytes may be escaped, and blanks may not stand at all.
  if (/[ "<>\\^`{|}[\]]/.test(host.replace(/[<>"]/g, "")) || /%(?![89A-Fa-f][0-9A-Fa-f])/.test(host))
    return undefined;
  return unescape(host);
}

function isPort(text: string): boolean {
  return text === "" || /^:[0-9]*$/.test(text);
}

/** Percent-decoding; `undefined` when an escape is malformed. */
function unescape(text: string): string | undefined {
  if (!text.includes("%")) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const bytes: number[] = [];
  const encoded = new TextEncoder().encode(text);
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] !== 0x25) bytes.push(encoded[i] ?? 0);
    else {
      bytes.push(Number.parseInt(String.fromCharCode(encoded[i + 1] ?? 0, encoded[i + 2] ?? 0), 16));
      i += 2;
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** The path as Go's `EscapedPath` gives it: as written when that is a valid encoding, else encoded anew. */
function escaped(path: string): string {
  if (/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9A-Fa-f]{2})*$/.test(path)) return path;
  const bytes = new TextEncoder().encode(unescape(path) ?? path);
  return Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~$&+,/:;=@]/.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}
