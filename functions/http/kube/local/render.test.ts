import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { acceptsGzip, compressFrom, renderText, respond } from "./render.ts";

const json = { format: "json", pretty: false } as const;
const init = { contentType: "application/json" };

function request(method = "GET", acceptEncoding?: string): Request {
  return new Request("https://drover.example/", {
    method,
    headers: acceptEncoding === undefined ? {} : { "accept-encoding": acceptEncoding },
  });
}

/** Parts of 64 KiB; counts how many were taken and whether it was ended. */
function parts(count: number): { source: AsyncGenerator<string>; taken: () => number; ended: () => boolean } {
  let taken = 0;
  let ended = false;
  async function* generate(): AsyncGenerator<string> {
    try {
      for (; taken < count; taken++) yield "x".repeat(64 * 1024);
    } finally {
      ended = true;
    }
  }
  return { source: generate(), taken: () => taken, ended: () => ended };
}

describe("renderText", () => {
  it("passes JSON text on as it is, with a line feed behind it", () => {
    const text = '{"b":1.0, "a":12345678901234567890}';
    expect(renderText(text, json)).toBe(`${text}\n`);
  });

  it("keeps the order of members", () => {
    const object = { kind: "A", apiVersion: "v1", metadata: {} };
    expect(renderText(object, json)).toBe('{"kind":"A","apiVersion":"v1","metadata":{}}\n');
    expect(renderText(object, { format: "json", pretty: true })).toBe(
      '{\n  "kind": "A",\n  "apiVersion": "v1",\n  "metadata": {}\n}\n',
    );
    expect(renderText(object, { format: "yaml", pretty: true })).toBe(
      "kind: A\napiVersion: v1\nmetadata: {}\n",
    );
  });

  it("quotes what YAML 1.1, which Go reads, takes for something else than text", () => {
    const yaml = { format: "yaml", pretty: false } as const;
    expect(renderText({ a: "yes", b: "0x1", c: "1e3", d: "off", e: "null", f: "2026-01-01" }, yaml)).toBe(
      'a: "yes"\nb: "0x1"\nc: "1e3"\nd: "off"\ne: "null"\nf: "2026-01-01"\n',
    );
  });

  it("indents a text when asked to", () => {
    expect(renderText('{"a":[1]}', { format: "json", pretty: true })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });

  it("writes YAML that reads back as the object, for YAML 1.1 too", () => {
    const object = {
      data: {
        on: "off",
        "123": "0777",
        "": "1:30",
        "~": "null",
        lines: "a\n\n b: c\n",
        ends: "a ",
        binary: "\u0000\u2028\ud83d\ude80",
      },
      number: 1.5,
      list: [{ a: null }, []],
    };
    const text = renderText(JSON.stringify(object), { format: "yaml", pretty: false });
    for (const version of ["1.1", "1.2"] as const) expect(parse(text, { version })).toEqual(object);
  });

  it("keeps a member called __proto__", () => {
    const text = '{"data":{"__proto__":"x"}}';
    expect(renderText(text, { format: "yaml", pretty: false })).toContain("__proto__");
    expect(renderText(text, { format: "json", pretty: true })).toContain("__proto__");
  });
});

describe("respond", () => {
  it("sends a text with its type, status and headers", async () => {
    const response = await respond(request(), "{}\n", { ...init, status: 201, headers: { etag: '"a"' } });
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("etag")).toBe('"a"');
    expect(await response.text()).toBe("{}\n");
  });

  it("compresses what is longer than 128 KiB, for clients that read gzip", async () => {
    const long = "x".repeat(compressFrom + 1);
    const compressed = await respond(request("GET", "deflate, gzip"), long, {
      ...init,
      headers: { vary: "Accept" },
    });
    expect(compressed.headers.get("content-encoding")).toBe("gzip");
    expect(compressed.headers.get("vary")).toBe("Accept, Accept-Encoding");
    expect((await respond(request(), long, init)).headers.has("content-encoding")).toBe(false);
    const short = await respond(request("GET", "gzip"), long.slice(1), init);
    expect(short.headers.has("content-encoding")).toBe(false);
    expect(short.headers.has("vary")).toBe(false);
  });

  it("counts bytes, not characters", async () => {
    const response = await respond(request("GET", "gzip"), "ä".repeat(compressFrom / 2 + 1), init);
    expect(response.headers.get("content-encoding")).toBe("gzip");
  });

  it("answers HEAD with the headers alone", async () => {
    const response = await respond(request("HEAD"), "ä\n", init);
    expect(response.headers.get("content-length")).toBe("3");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe("");
  });

  it("sends parts that are short together as one text", async () => {
    const { source } = parts(2);
    const response = await respond(request("GET", "gzip"), source, init);
    expect(response.headers.has("content-encoding")).toBe(false);
    expect(await response.text()).toHaveLength(128 * 1024);
  });

  it("streams parts that are long together, no faster than they are read", async () => {
    const { source, taken } = parts(10);
    const response = await respond(request("GET", "gzip"), source, init);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(taken()).toBeLessThan(5);
    expect(await response.text()).toHaveLength(10 * 64 * 1024);
  });

  it("skips empty parts", async () => {
    async function* generate(): AsyncGenerator<string> {
      yield "x".repeat(compressFrom + 1);
      yield "";
      yield "";
      yield "end";
    }
    expect(await (await respond(request(), generate(), init)).text()).toMatch(/xend$/);
  });

  it("throws what the first parts throw, so that it becomes an answer of its own", async () => {
    async function* generate(): AsyncGenerator<string> {
      yield "x";
      throw new Error("database away");
    }
    await expect(respond(request(), generate(), init)).rejects.toThrow("database away");
  });

  it("breaks the stream off where a later part throws", async () => {
    async function* generate(): AsyncGenerator<string> {
      yield "x".repeat(compressFrom + 1);
      throw new Error("database away");
    }
    const response = await respond(request(), generate(), init);
    await expect(response.text()).rejects.toThrow("database away");
  });

  it("ends the source when the client leaves, and for HEAD", async () => {
    const left = parts(10);
    await (await respond(request(), left.source, init)).body?.cancel();
    expect(left.ended()).toBe(true);
    const head = parts(10);
    await respond(request("HEAD"), head.source, init);
    expect(head.ended()).toBe(true);
    expect(head.taken()).toBeLessThan(5);
  });
});

describe("acceptsGzip", () => {
  // As kube-apiserver 1.36.3 answered.
  it.each([
    ["gzip", true],
    ["deflate, gzip", true],
    ["gzip;q=1", false],
    ["*", false],
    ["", false],
    [null, false],
  ])("reads %j as %j", (header, accepts) => {
    expect(acceptsGzip(header)).toBe(accepts);
  });
});
