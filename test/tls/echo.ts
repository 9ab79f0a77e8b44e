/** Sends bytes up a stream and collects what comes back. */
import { createHash } from "node:crypto";
import type { ByteStream } from "../../wire/byte-stream.ts";

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A pattern that no two records share. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >>> 11)) & 0xff;
  return bytes;
}

/** Resolves with the SHA-256 of as many bytes as were sent; rejects with the text of an early end. */
export function echo(stream: ByteStream, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    let length = 0;
    let at = 0;
    stream.onClose = (reason) => reject(new Error(reason.kind === "eof" ? "end" : reason.text));
    stream.onData = (chunk) => {
      hash.update(chunk);
      length += chunk.length;
      if (length >= bytes.length) resolve(length === bytes.length ? hash.digest("hex") : "too much");
    };
    stream.onDrain = () => {
      while (at < bytes.length) {
        const piece = bytes.subarray(at, at + 50_000);
        at += piece.length;
        if (!stream.write(piece)) return;
      }
    };
    stream.onDrain();
  });
}

/** How the stream ends: `end` after a proper one. */
export function ending(stream: ByteStream): Promise<string> {
  return new Promise((resolve) => {
    stream.onClose = (reason) => resolve(reason.kind === "eof" ? "end" : reason.text);
  });
}
