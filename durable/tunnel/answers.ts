/** What the tunnel itself answers: always a Kubernetes Status (design 2). */

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  502: "BadGateway",
  503: "ServiceUnavailable",
};

/** `retryAfter` in seconds: clients repeat the request by themselves then. */
export function statusAnswer(code: 400 | 502 | 503, message: string, retryAfter?: number): Response {
  const body = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: reasons[code],
    ...(retryAfter === undefined ? {} : { details: { retryAfterSeconds: retryAfter } }),
    code,
  };
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return Response.json(body, { status: code, headers });
}
