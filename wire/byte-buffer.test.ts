import { expect, it } from "vitest";
import { ByteBuffer } from "./byte-buffer.ts";

it("joins pieces of any size, and gives them away", () => {
  const buffer = new ByteBuffer();
  const wanted = crypto.getRandomValues(new Uint8Array(5_000));
  for (let at = 0, size = 0; at < wanted.length; at += size, size = (size + 1) % 97)
    buffer.append(wanted.subarray(at, at + size));
  expect(buffer.length).toBe(5_000);
  const taken = buffer.take();
  expect(taken).toEqual(wanted);
  expect(buffer.length).toBe(0);
  buffer.append(new Uint8Array(10));
  expect(taken).toEqual(wanted);
});

it("costs at most twice what it holds, in single bytes too", () => {
  const buffer = new ByteBuffer();
  for (let count = 0; count < 100_000; count++) buffer.append(Uint8Array.of(1));
  for (let count = 0; count < 100_000; count++) buffer.append(new Uint8Array(0));
  expect(buffer.take().buffer.byteLength).toBeLessThanOrEqual(200_000);
});
