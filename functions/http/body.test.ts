import { describe, expect, it } from "vitest";
import { nesting, readBody, readJsonObject } from "./body.ts";

const post = (body: string | ReadableStream, headers: Record<string, string> = {}): Request =>
  new Request("http://h/", { method: "POST", body, headers, duplex: "half" } as RequestInit);

/** An endless body, and how much of it was asked for. */
function endless(): { stream: ReadableStream<Uint8Array>; pulled: () => number } {
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1024;
      controller.enqueue(new Uint8Array(1024).fill(32));
    },
  });
  return { stream, pulled: () => pulled };
}

describe("request bodies", () => {
  it("auth 33: are refused by Content-Length before a byte is read", async () => {
    const { stream, pulled } = endless();
    await expect(readBody(post(stream, { "content-length": "5000" }), 4096)).rejects.toMatchObject({
      status: 413,
    });
    expect(pulled()).toBeLessThanOrEqual(2048);
  });

  it("auth 33: are refused as soon as a chunked one exceeds the limit", async () => {
    const { stream, pulled } = endless();
    await expect(readBody(post(stream), 4096)).rejects.toMatchObject({ status: 413 });
    expect(pulled()).toBeLessThan(10_000);
  });

  it("are accepted at exactly the limit", async () => {
    expect(await readBody(post("x".repeat(100)), 100)).toHaveLength(100);
  });

  it.each(["", "null", "[]", "3", '"x"', "{", "{]", '{"a":1}x'])("are no JSON object: %j", async (body) => {
    await expect(readJsonObject(post(body))).rejects.toMatchObject({
      code: "InvalidBodyContent",
      status: 422,
    });
  });

  it("auth 33: are refused when nested beyond 64, in time that does not grow with the nesting squared", async () => {
    const deep = (levels: number): string => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    expect(await readJsonObject(post(deep(63)))).toHaveProperty("a");
    await expect(readJsonObject(post(deep(64)))).rejects.toMatchObject({ status: 422 });
    await expect(readJsonObject(post(deep(400_000)))).rejects.toMatchObject({ status: 422 });
  });

  it("do not count brackets inside strings as nesting", () => {
    expect(nesting('{"a":"[[[\\"[[["}')).toBe(1);
  });

  it("refuse bytes that are not UTF-8", async () => {
    const request = new Request("http://h/", { method: "POST", body: new Uint8Array([0x7b, 0xff, 0x7d]) });
    await expect(readJsonObject(request)).rejects.toMatchObject({ code: "InvalidBodyContent" });
  });
});
