/** A request's body as the sender reads it: pieces of a message's size, and no more memory than they are long. */
import { describe, expect, it } from "vitest";
import { RequestBody } from "./request-body.ts";

/** A body that arrives in pieces of these lengths; byte `n` of it is `n % 251`. */
function arriving(lengths: readonly number[]): ReadableStream<Uint8Array> {
  let at = 0;
  const pieces = lengths.map((length) => Uint8Array.from({ length }, () => at++ % 251));
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    },
  });
}

async function pieces(body: RequestBody): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) all.push(piece);
  return all;
}

const bytes = (all: readonly Uint8Array[]): number[] => all.flatMap((piece) => [...piece]);

describe("a request's body", () => {
  it("is read in pieces of at most 32 KiB", async () => {
    const all = await pieces(new RequestBody(arriving([100_000])));
    expect(Math.max(...all.map((piece) => piece.length))).toBe(32 << 10);
    expect(bytes(all)).toEqual(Array.from({ length: 100_000 }, (_, at) => at % 251));
  });

  it("holds no large buffers for a body that trickles", async () => {
    const all = await pieces(new RequestBody(arriving(Array.from({ length: 500 }, () => 3))));
    expect(bytes(all)).toEqual(Array.from({ length: 1_500 }, (_, at) => at % 251));
    for (const piece of all) expect(piece.buffer.byteLength).toBeLessThanOrEqual(2 * piece.length);
  });

  it.each([
    ["of known length", 10],
    ["of unknown length", undefined],
    ["of no bytes", 0],
  ])("%s ends, and can be sent once more", async (_, length) => {
    const body = new RequestBody(arriving(length === 0 ? [] : [4, 6]), length);
    const first = bytes(await pieces(body));
    expect(first).toHaveLength(length ?? 10);
    expect(body.rewind()).toBe(true);
    expect(bytes(await pieces(body))).toEqual(first);
  });
});
