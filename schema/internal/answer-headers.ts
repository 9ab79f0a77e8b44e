/** The headers that all answers carry, a cluster's included (auth.md 4.1, rows 1-3). Pure. */

/**
 * `X-API-Cattle-Auth`: whether the caller is authenticated; tells a client a stale session from a missing right.
 * `X-Request-Id`: so that a user can name the request whose details only the log has.
 */
export function answerHeaders(requestId: string, authenticated: boolean): readonly [string, string][] {
  return [
    ["x-request-id", requestId],
    ["x-api-cattle-auth", String(authenticated)],
    ["x-content-type-options", "nosniff"],
    ["cache-control", "no-cache, no-store, must-revalidate"],
  ];
}
