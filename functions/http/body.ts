/** Request bodies of our own API, bounded before they are parsed. Proxied bodies never come here. */
import { ApiError } from "./errors.ts";

/** `CATTLE_AUTH_API_BODY_LIMIT` and Norman's front door (auth.md 1.1). */
export const defaultBodyLimit = 1024 * 1024;
const maxDepth = 64;

/** The body's bytes. Throws `PayloadTooLarge`, by Content-Length before anything is read, or as soon as a chunked body exceeds the limit. */
export async function readBytes(request: Request, limit = defaultBodyLimit): Promise<Uint8Array> {
  const tooLarge = (): ApiError => new ApiError("PayloadTooLarge", `the request body exceeds ${limit} bytes`);
  const announced = request.headers.get("content-length");
  if (Number(announced ?? 0) > limit) throw tooLarge();
  // No more can come than was announced.
  if (announced !== null) return request.bytes().catch(unreadable);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > limit) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof ApiError) throw error;
    return unreadable(error);
  }
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function unreadable(cause: unknown): never {
  throw new ApiError("InvalidBodyContent", "the request body cannot be read", { cause });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The body as text. Throws as `readBytes` does, and `InvalidBodyContent` for what is not UTF-8. */
export async function readBody(request: Request, limit = defaultBodyLimit): Promise<string> {
  const bytes = await readBytes(request, limit);
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new ApiError("InvalidBodyContent", "the request body cannot be read as UTF-8", { cause: error });
  }
}

/** The body as a JSON object. Anything else, and nesting beyond 64, is `InvalidBodyContent`. */
export async function readJsonObject(
  request: Request,
  limit = defaultBodyLimit,
): Promise<Record<string, unknown>> {
  const text = await readBody(request, limit);
  if (nesting(text) > maxDepth) throw new ApiError("InvalidBodyContent", "the JSON is nested too deeply");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiError("InvalidBodyContent", "the request body is not JSON", { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ApiError("InvalidBodyContent", "the request body is not a JSON object");
  }
  return value as Record<string, unknown>;
}

/** Deepest nesting of a JSON text, judged before it is parsed; text that is not JSON gives any number. */
export function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === "\\") i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}
