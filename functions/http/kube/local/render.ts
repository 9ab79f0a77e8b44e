/** Answers of the local API as bytes: JSON or YAML text, compressed when it is long and the client can read that. */
import { stringify } from "yaml";
import type { Format } from "./negotiate.ts";

/** kube-apiserver compresses what is longer. */
export const compressFrom = 128 * 1024;

/**
 * `content`: an object, or the JSON text of one, which is passed on as it is unless another form was asked for. Members
 * keep their order; JSON ends with a line feed, as everywhere in Kubernetes.
 */
export function renderText(
  content: object | string,
  { format, pretty }: Pick<Format, "format" | "pretty">,
): string {
  // Go reads YAML 1.1, where `yes` is true: such strings are quoted.
  if (format === "yaml")
    return stringify(parsed(content), { compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false });
  if (pretty) return `${JSON.stringify(parsed(content), undefined, 2)}\n`;
  return `${typeof content === "string" ? content : JSON.stringify(content)}\n`;
}

function parsed(content: object | string): object {
  return typeof content === "string" ? (JSON.parse(content) as object) : content;
}

export interface AnswerInit {
  readonly contentType: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * `body`: the text, or its parts as they come, of which the first 128 KiB are awaited: until then, an error still becomes
 * an answer of its own. A HEAD gets the headers alone.
 */
export async function respond(
  { method, headers: requested }: Pick<Request, "method" | "headers">,
  body: string | AsyncIterable<string>,
  { contentType, status = 200, headers: extra = {} }: AnswerInit,
): Promise<Response> {
  // A character has at most three bytes: most answers need not be encoded to be measured.
  if (typeof body === "string" && method !== "HEAD" && body.length * 3 <= compressFrom)
    return new Response(body, { status, headers: { ...extra, "content-type": contentType } });
  const { start, rest } = typeof body === "string" ? { start: encoder.encode(body) } : await begin(body);
  const headers = new Headers({ ...extra, "content-type": contentType });
  const long = rest !== undefined || start.byteLength > compressFrom;
  const compressed = long && acceptsGzip(requested.get("accept-encoding"));
  if (compressed) {
    // workerd compresses by this header when it sends the answer. No CompressionStream with `encodeBody: "manual"`:
    // whoever wraps the Response again loses that option, and the body would be compressed twice.
    headers.set("content-encoding", "gzip");
    headers.append("vary", "Accept-Encoding");
  }
  if (method === "HEAD") {
    await rest?.return?.();
    if (rest === undefined && !compressed) headers.set("content-length", String(start.byteLength));
    return new Response(null, { status, headers });
  }
  return new Response(rest === undefined ? start : streamOf(start, rest), { status, headers });
}

/** As kube-apiserver reads it: the token alone, without parameters. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  return (acceptEncoding ?? "").split(",").some((token) => token.trim() === "gzip");
}

const encoder = new TextEncoder();

interface Beginning {
  readonly start: Uint8Array;
  /** Absent when the start is everything. */
  readonly rest?: AsyncIterator<string>;
}

async function begin(body: AsyncIterable<string>): Promise<Beginning> {
  const rest = body[Symbol.asyncIterator]();
  const parts: string[] = [];
  let length = 0;
  while (length <= compressFrom) {
    const { done, value } = await rest.next();
    if (done === true) return { start: encoder.encode(parts.join("")) };
    parts.push(value);
    length += value.length;
  }
  return { start: encoder.encode(parts.join("")), rest };
}

/** Takes the next part only when the client has taken those before. */
function streamOf(start: Uint8Array, rest: AsyncIterator<string>): ReadableStream<Uint8Array> {
  let first: Uint8Array | undefined = start;
  return new ReadableStream({
    async pull(controller) {
      if (first !== undefined) {
        controller.enqueue(first);
        first = undefined;
        return;
      }
      for (;;) {
        const { done, value } = await rest.next();
        if (done === true) return controller.close();
        // An empty chunk would not count as an answer to this pull.
        if (value !== "") return controller.enqueue(encoder.encode(value));
      }
    },
    async cancel() {
      await rest.return?.();
    },
  });
}
