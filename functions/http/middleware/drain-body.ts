/**
 * A request that is answered before its body was read: workerd closes the connection then, without saying so, and a client
 * that sends still, or keeps it for the next request, finds it broken. So the body is read to its end, if that is near.
 */
import type { AppContext } from "../context.ts";

const maxBytes = 8 * 1024 * 1024;
const maxMs = 2_000;

/** After the answer was made. */
export async function drainBody(c: AppContext): Promise<void> {
  const { raw } = c.req;
  if (raw.bodyUsed || !(Number(raw.headers.get("content-length") ?? Infinity) <= maxBytes)) return;
  const { body } = raw;
  if (body === null) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, maxMs)));
  const read = body.pipeTo(new WritableStream()).catch(() => undefined);
  await Promise.race([read, late]).finally(() => clearTimeout(timer));
}
