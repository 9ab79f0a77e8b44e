/**
 * kubectl up to 1.29 (port-forward: 1.30) opens commands and ports by an upgrade to SPDY/3.1, which cannot pass workerd. So
 * the front asks workerd for a WebSocket instead, which carries the bytes of that connection as they are; the cluster's
 * object asks the cluster for SPDY and joins the two (durable/tunnel/raw-splice.ts). Pure.
 */
import { randomBytes } from "node:crypto";

/** Only clusters have something to upgrade to. */
const targets = /^(\S+) (\/k8s\/(?:clusters|proxy)\/[^ ]*) (HTTP\/1\.1)$/;
const replaced = /^(?:connection|upgrade|content-length|sec-websocket-[a-z-]+):/i;
/** A protocol's name, kept out of trouble by its form (RFC 9110 7.8). */
const spdy = /^upgrade:[ \t]*(spdy\/3\.1)[ \t]*$/im;

/**
 * The head of a WebSocket handshake instead of one that asks for SPDY/3.1; `undefined` for every other head. `text` has been
 * judged by `rewriteHead`, so that no line of it that begins with `x-drover-` is the client's.
 */
export function wrapSpdy(text: string): string | undefined {
  const protocol = spdy.exec(text)?.[1];
  if (protocol === undefined) return undefined;
  const [first = "", ...lines] = text.split("\r\n");
  const [, method, target, version] = targets.exec(first) ?? [];
  if (method === undefined) return undefined;
  const kept = lines.filter((line) => line !== "" && !replaced.test(line));
  return [
    `GET ${target} ${version}`,
    ...kept,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    `x-drover-upgrade: ${method} ${protocol}`,
    "\r\n",
  ].join("\r\n");
}

/** The 101 that the client waits for, made of workerd's: `X-Stream-Protocol-Version` is what the two agree on. */
export function switchedToSpdy(answer: string): string {
  const agreed = answer.split("\r\n").filter((line) => /^x-stream-protocol-version:/i.test(line));
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "Upgrade: SPDY/3.1",
    ...agreed,
    "\r\n",
  ].join("\r\n");
}
