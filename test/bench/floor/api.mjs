// The floors of the bench: a Worker that answers at once, one that asks an object which answers at once, and a sketch of
// a tunnel: the object asks an agent over one WebSocket.
import { WorkerEntrypoint } from "cloudflare:workers";

const body = "x".repeat(1024);

export default {
  fetch(request, env) {
    return request.url.endsWith("/worker") ? new Response(body) : env.TUNNEL.getByName("one").fetch(request);
  },
};

/** What the launcher asks of any API Worker. */
export class ControlPlane extends WorkerEntrypoint {
  fetch(request) {
    const seeded = request.url.endsWith("/seed")
      ? { adminCreated: false, username: "admin" }
      : { ready: true };
    return Response.json(seeded);
  }
}
