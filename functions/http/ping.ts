/** `GET /ping`: an agent's first call and a load balancer's probe. Needs nothing, not even the chain. */

/** `pong`, with the headers that all answers carry. */
export function ping(): Response {
  return new Response("pong", {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-api-cattle-auth": "false",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache, no-store, must-revalidate",
    },
  });
}
