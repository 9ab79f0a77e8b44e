/** The cluster's answer as the client gets it. */
import type { ProxyContext } from "../../schema/internal/context.ts";
import { statusAnswer } from "./answers.ts";
import type { Outcome } from "./exchange.ts";
import { clientHeaders } from "./headers.ts";

export function toResponse(
  { head, length, body }: Extract<Outcome, { kind: "response" }>,
  request: Request,
  { prefix }: ProxyContext,
): Response {
  const bodiless = request.method === "HEAD" || [204, 205, 304].includes(head.status);
  // A stream that nobody is going to read would hold its place in the tunnel.
  if ((bodiless || head.status > 599) && body instanceof ReadableStream) void body.cancel();
  if (head.status > 599) return statusAnswer(502, `the cluster answered with status ${head.status}`);
  const headers = clientHeaders(head.headers, prefix, request.headers.get("host"));
  const known = head.get("content-length");
  if (request.method === "HEAD" && known !== undefined) headers.set("content-length", known);
  return new Response(bodiless ? null : measured(body, length), {
    status: head.status,
    headers,
    // Compressed bodies pass as they are; the platform would compress them once more.
    encodeBody: "manual",
  });
}

/** A streamed body keeps its length only inside a FixedLengthStream (platform.md 13). */
function measured(
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null,
  length: number | undefined,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (!(body instanceof ReadableStream) || length === undefined) return body;
  const { readable, writable } = new FixedLengthStream(length);
  // A failure on either side reaches the other through the pipe.
  body.pipeTo(writable).catch(() => undefined);
  return readable;
}
