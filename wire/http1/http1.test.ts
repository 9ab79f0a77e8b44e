import { describe, expect, it } from "vitest";
import { encodeChunk, encodeRequestHead, InvalidRequest, lastChunk } from "./request.ts";
import { ResponseReader } from "./response-reader.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Feeds a response in pieces and tells what came of it. */
function read(method: string, wire: string, cuts: number[] = [], closed = false): string[] {
  const events: string[] = [];
  let body = "";
  const flush = (): void => {
    if (body !== "") events.push(`body ${body}`);
    body = "";
  };
  const reader = new ResponseReader(method, {
    onHead: (head, length) => events.push(`head ${head.status} ${length ?? "?"}`),
    onBody: (chunk) => (body += text(chunk)),
    onEnd: (reusable) => {
      flush();
      events.push(reusable ? "end, reusable" : "end");
    },
    onUpgrade: (head, rest) => events.push(`upgrade ${head.get("upgrade") ?? ""} ${text(rest)}`),
    onError: (problem) => {
      flush();
      events.push(`error ${problem}`);
    },
  });
  const bytes = utf8(wire);
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    reader.feed(bytes.subarray(start, cut));
    start = cut;
  }
  if (closed) reader.end();
  return events;
}

describe("encodeRequestHead", () => {
  it("writes each pair on its own line, repeated names too", () => {
    const head = encodeRequestHead("GET", "/api?x=%2F", [
      ["Host", "h"],
      ["Impersonate-Group", "cn=a,ou=b"],
      ["Impersonate-Group", "c"],
    ]);
    expect(text(head)).toBe(
      "GET /api?x=%2F HTTP/1.1\r\nHost: h\r\nImpersonate-Group: cn=a,ou=b\r\nImpersonate-Group: c\r\n\r\n",
    );
  });

  it("refuses whatever could start another line", () => {
    for (const value of ["a\r\nb: c", "a\nb", "a\0b"]) {
      expect(() => encodeRequestHead("GET", "/", [["X", value]])).toThrow(InvalidRequest);
      expect(() => encodeRequestHead("GET", `/${value}`, [])).toThrow(InvalidRequest);
      expect(() => encodeRequestHead(`GET${value}`, "/", [])).toThrow(InvalidRequest);
      expect(() => encodeRequestHead("GET", "/", [[value, "x"]])).toThrow(InvalidRequest);
    }
    expect(() => encodeRequestHead("GET", "/a b", [])).toThrow(InvalidRequest);
  });
});

describe("ResponseReader", () => {
  const length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  const chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n, chunked!\r\n0\r\nTrailer: x\r\n\r\n";

  it("reads bodies by length, by chunks and until close", () => {
    expect(read("GET", length)).toEqual(["head 200 5", "body hello", "end, reusable"]);
    expect(read("GET", chunked)).toEqual(["head 200 ?", "body hello, chunked!", "end, reusable"]);
    expect(read("GET", "HTTP/1.1 200 OK\r\n\r\nto the end", [], true)).toEqual([
      "head 200 ?",
      "body to the end",
      "end",
    ]);
  });

  it("gives the same events however the bytes are cut", () => {
    for (const wire of [length, chunked]) {
      const whole = read("GET", wire);
      for (let cut = 1; cut < wire.length; cut++) expect(read("GET", wire, [cut])).toEqual(whole);
      expect(
        read(
          "GET",
          wire,
          Array.from({ length: wire.length - 1 }, (_, index) => index + 1),
        ),
      ).toEqual(whole);
    }
  });

  it("knows the answers without a body", () => {
    expect(read("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")).toEqual([
      "head 200 0",
      "end, reusable",
    ]);
    for (const status of [204, 304]) {
      expect(read("GET", `HTTP/1.1 ${status} X\r\n\r\n`)).toEqual([`head ${status} 0`, "end, reusable"]);
    }
    expect(read("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).toEqual([
      "head 200 0",
      "end, reusable",
    ]);
  });

  it("skips interim answers and hands over on 101", () => {
    expect(
      read("GET", `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n${length}`),
    ).toEqual(read("GET", length));
    expect(read("GET", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\nfirst bytes")).toEqual([
      "upgrade websocket first bytes",
    ]);
  });

  it("keeps a connection only when the response allows it", () => {
    expect(read("GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").at(-1)).toBe(
      "end",
    );
    expect(read("GET", `${length}surplus`).at(-1)).toBe("end");
  });

  it.each([
    ["a length and chunks at once", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
    ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"],
    ["a signed length", "Content-Length: +5\r\n"],
    ["an unknown coding", "Transfer-Encoding: gzip, chunked\r\n"],
    ["a folded line", "X: a\r\n b\r\n"],
    ["a blank before the colon", "X : a\r\n"],
    ["a bare line feed", "X: a\nY: b\r\n"],
  ])("refuses %s", (_what, headers) => {
    expect(read("GET", `HTTP/1.1 200 OK\r\n${headers}\r\nhello`)[0]).toMatch(/^error /);
  });

  it.each(["G\r\nhello\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "-5\r\nhello\r\n", "0".repeat(2000)])(
    "refuses the chunk %s",
    (chunk) => {
      const events = read("GET", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
      expect(events.at(-1)).toMatch(/^error /);
    },
  );

  it("refuses a head without end, and tells a cut response from one that never began", () => {
    expect(read("GET", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}`)).toEqual([
      "error response head too large",
    ]);
    expect(read("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", [], true).at(-1)).toBe(
      "error connection closed in the middle of the response",
    );
    expect(read("GET", "", [], true)).toEqual(["error connection closed"]);
  });

  it("reads back what the chunk encoder wrote", () => {
    const body = [utf8("one"), utf8("two")].map((part) => text(encodeChunk(part))).join("") + text(lastChunk);
    expect(read("GET", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)).toContain(
      "body onetwo",
    );
  });

  it("survives noise", () => {
    for (let round = 0; round < 3_000; round++) {
      const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(60))).toString("latin1");
      expect(() => read("GET", `HTTP/1.1 200 OK\r\n${noise}\r\n\r\n${noise}`, [30], true)).not.toThrow();
    }
  });
});
