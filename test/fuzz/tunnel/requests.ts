/** Malformed HTTP/1.1 requests, for the front and for the agent, and what the tunnel itself writes. */
import { InvalidRequest, encodeRequestHead } from "../../../wire/http1/request.ts";
import { damaged, joined } from "./noise.ts";
import type { Random } from "./random.ts";
import { messagesPerEpisode, must } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A second request in disguise, were two parsers to disagree about where the first one ends. */
export const smuggled =
  "GET /smuggled HTTP/1.1\r\nHost: x\r\nX-Drover-Client-Ip: 6.6.6.6\r\nImpersonate-User: root\r\n\r\n";

const words = [
  smuggled,
  "\r\nContent-Length: 4",
  "\r\nContent-Length: 4, 5",
  "\r\nContent-Length : 4",
  "\r\nTransfer-Encoding: chunked",
  "\r\nTransfer-Encoding: xchunked",
  "\r\nTransfer-Encoding:\x0bchunked",
  "\r\n folded: yes",
  "\r\nX-Drover-Client-Ip: 6.6.6.6",
  "\r\nCookie: R_SESS=stolen",
  "\r\nAuthorization: Bearer stolen",
  "\nX-Drover-Client-Ip: 6.6.6.6",
  "\rX-Drover-Client-Ip: 6.6.6.6",
  "\r\nImpersonate-User: root",
  "\r\nConnection: Upgrade\r\nUpgrade: websocket",
  "\r\n\r\n",
  "0\r\n\r\n",
  "5;x=y\r\nhello\r\n",
  " HTTP/1.1",
  " HTTP/0.9",
  "http://other/",
].map(bytesOf);

/** One request, damaged most of the time; with `lines` in its head. */
export function malformedRequest(random: Random, lines: readonly string[]): Uint8Array {
  if (random.oneIn(20)) return random.bytes(random.length(300));
  const method = random.pick(["GET", "POST", "PUT", "DELETE", "OPTIONS", "FOO"]);
  const body = random.oneIn(3) ? bytesOf(smuggled) : random.bytes(random.length(200));
  const framing = random.int(3);
  const head = [
    `${method} /api/v1/pods?n=${random.int(100)} HTTP/1.1`,
    ...lines,
    ...(framing === 0 ? [`Content-Length: ${body.length}`] : []),
    ...(framing === 1 ? ["Transfer-Encoding: chunked"] : []),
    "X-Drover-Client-Ip: 6.6.6.6",
    ...(random.oneIn(4) ? [`X-Long: ${"v".repeat(random.length(2_000))}`] : []),
  ];
  const start = bytesOf(`${head.join("\r\n")}\r\n\r\n`);
  const whole =
    framing === 2
      ? start
      : framing === 0
        ? joined(start, body)
        : joined(start, bytesOf(`${body.length.toString(16)}\r\n`), body, bytesOf("\r\n0\r\n\r\n"));
  return random.oneIn(8) ? whole : damaged(random, whole, words);
}

/** Whatever method, target and headers a caller gives, one request goes out, or none. */
export const requestHeads: FuzzTarget = {
  name: "request-head",
  share: 0.04,
  episode(random) {
    const text = (plain: string): string => {
      if (!random.oneIn(4)) return plain;
      const at = random.int(plain.length + 1);
      return (
        plain.slice(0, at) +
        random.pick(["\r", "\n", "\r\n", "\0", " ", "\t", "\u2028", "é", "\x7f", ":"]) +
        plain.slice(at)
      );
    };
    for (let sent = 0; sent < messagesPerEpisode; sent++) {
      const headers = Array.from(
        { length: random.int(5) },
        (_, at) => [text(`X-${at}`), text("a value")] as const,
      );
      let bytes: Uint8Array;
      try {
        bytes = encodeRequestHead(text("GET"), text("/api/v1"), headers);
      } catch (error) {
        must(error instanceof InvalidRequest, `refused by ${String(error)}`);
        continue;
      }
      const written = Buffer.from(bytes).toString("utf8");
      const lines = written.split("\r\n");
      must(/^[^\s]+ [^\s]+ HTTP\/1\.1$/.test(lines[0] ?? ""), "a request line of other than three parts");
      must(lines.length === headers.length + 3 && written.endsWith("\r\n\r\n"), "a header more, or less");
      must(!/[\r\n\0]/.test(lines.join("")), "a bare control character");
    }
    return messagesPerEpisode;
  },
};
