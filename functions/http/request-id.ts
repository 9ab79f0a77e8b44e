/** The id under which a request stands in all logs: the Worker's, the tunnel object's and the agent's. Pure. */

/** Long enough to be one's own, and nothing that a log, a header or a shell could read as more than a name. */
const wellFormed = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/;

/** The caller's `X-Request-Id` where it is well-formed, else a fresh UUID. The answer carries it too. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get("x-request-id") ?? "";
  return wellFormed.test(given) ? given : crypto.randomUUID();
}
