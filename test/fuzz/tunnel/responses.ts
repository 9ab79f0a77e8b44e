/** Malformed HTTP/1.1 responses: the same answer however the bytes are cut; nothing after its end, nothing thrown. */
import { ResponseReader } from "../../../wire/http1/response-reader.ts";
import { damaged, joined, pieces } from "./noise.ts";
import type { Random } from "./random.ts";
import { messagesPerEpisode, must, mustNotThrow } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const words = [
  "\r\n\r\n",
  "\n\n",
  "\r\nContent-Length: 5",
  "\r\nContent-Length: +5",
  "\r\nTransfer-Encoding: chunked",
  "\r\nTransfer-Encoding: gzip, chunked",
  "\r\n folded",
  "\r\nConnection: close",
  "0\r\n\r\n",
  "FFFFFFFFFFFF\r\n",
  "1;a=b\r\nx\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
].map(bytesOf);

export const responses: FuzzTarget = {
  name: "response",
  share: 0.2,
  episode(random) {
    for (let sent = 0; sent < messagesPerEpisode; sent++) {
      const method = random.pick(["GET", "GET", "HEAD", "POST"]);
      const bytes = malformedResponse(random);
      const one = read(method, [bytes]);
      const other = read(method, pieces(random, bytes));
      must(one === other, `read as ${one} in one piece, and as ${other} in several`);
    }
    return messagesPerEpisode;
  },
};

/** What was understood, as text. */
function read(method: string, chunks: readonly Uint8Array[]): string {
  let head = "";
  let length: number | undefined;
  let body = "";
  let bodyBytes = 0;
  let end = "";
  const reader = new ResponseReader(method, {
    onHead(got, bytes) {
      must(head === "" && end === "", "a second head");
      length = bytes;
      head = JSON.stringify([got.status, got.statusText, got.headers, bytes]);
    },
    onBody(chunk) {
      must(head !== "" && end === "", "a body before its head, or after its end");
      bodyBytes += chunk.length;
      must(length === undefined || bodyBytes <= length, "a body longer than was said");
      body += Buffer.from(chunk).toString("latin1");
    },
    onEnd() {
      must(end === "", "a second end");
      must(length === undefined || length === bodyBytes, "the end of a body before all of it");
      end = "end";
    },
    onUpgrade(got) {
      must(end === "" && head === "", "an upgrade after the head");
      end = `upgrade ${JSON.stringify(got.headers)}`;
    },
    onError(problem) {
      // What follows a whole response makes its connection useless; when that shows depends on how the bytes came.
      if (end === "end" && problem === "bytes after the end of the response") return;
      must(end === "" || end.startsWith("upgrade"), `an error after the end: ${problem}`);
      if (end === "") end = `error ${problem}`;
    },
  });
  for (const chunk of chunks) {
    // The host closes a connection that broke, and hands an upgraded one to another reader.
    if (end !== "" && end !== "end") break;
    mustNotThrow("feed", () => reader.feed(chunk));
  }
  mustNotThrow("end", () => reader.end());
  return JSON.stringify([head, end.startsWith("error") ? "" : body, end]);
}

export function malformedResponse(random: Random): Uint8Array {
  return random.oneIn(12) ? random.bytes(random.length(200)) : damaged(random, response(random), words);
}

function response(random: Random): Uint8Array {
  const status = random.pick([200, 201, 204, 304, 400, 404, 500, 100, 101, 199, 999, 0]);
  const body = random.bytes(random.length(400));
  const framing = random.int(4);
  const headers = [
    "Content-Type: application/json",
    ...(framing === 0 ? [`Content-Length: ${body.length}`] : []),
    ...(framing === 1 ? ["Transfer-Encoding: chunked"] : []),
    ...(random.oneIn(4) ? [`X-${random.int(1_000)}: ${"v".repeat(random.length(300))}`] : []),
    ...(random.oneIn(3) ? ["Connection: close"] : []),
  ];
  const head = bytesOf(`HTTP/1.1 ${status} Fine\r\n${headers.join("\r\n")}\r\n\r\n`);
  const interim = random.oneIn(6) ? bytesOf("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") : new Uint8Array();
  if (framing !== 1) return joined(interim, head, body);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length;) {
    const chunk = body.slice(at, at + 1 + random.int(200));
    chunks.push(bytesOf(`${chunk.length.toString(16)}\r\n`), chunk, bytesOf("\r\n"));
    at += chunk.length;
  }
  return joined(interim, head, ...chunks, bytesOf("0\r\n\r\n"));
}
