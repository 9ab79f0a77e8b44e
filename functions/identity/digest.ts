/** A mark of a credential: tells it from others and opens nothing. */
import { createHash } from "node:crypto";

/** SHA-256 in base64. Not by WebCrypto, whose promise costs a request more than all else that authenticates it. */
export function digestOf(credential: string): string {
  return createHash("sha256").update(credential).digest("base64");
}
