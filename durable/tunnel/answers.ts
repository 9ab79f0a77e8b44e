/** What the tunnel itself answers: always a Kubernetes Status (design 2). */
import { answerHeaders } from "../../schema/internal/answer-headers.ts";
import type { ProxyContext } from "../../schema/internal/context.ts";
import { failureStatus } from "../../schema/kube-status.ts";

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  413: "RequestEntityTooLarge",
  429: "TooManyRequests",
  502: "BadGateway",
  503: "ServiceUnavailable",
};

/** `retryAfter` in seconds: clients repeat the request by themselves then. */
export function statusAnswer(
  code: 400 | 413 | 429 | 502 | 503,
  message: string,
  retryAfter?: number,
): Response {
  const details = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
  const body = failureStatus(code, reasons[code], message, details);
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return Response.json(body, { status: code, headers });
}

/** With the headers that all answers carry. Only who is authenticated comes here. */
export function named(response: Response, { requestId }: Pick<ProxyContext, "requestId">): Response {
  for (const [name, value] of answerHeaders(requestId, true)) response.headers.set(name, value);
  return response;
}
