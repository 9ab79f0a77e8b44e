/** The API Worker's entry. `ControlPlane` is what the Durable Objects and the local launcher call. */
import { app } from "./http/app.ts";
import { runCron } from "./control-plane.ts";
import type { Env } from "./env.ts";

export { ControlPlane } from "./control-plane.ts";

export default {
  fetch: app.fetch,
  scheduled: (_event, env) => runCron(env),
} satisfies ExportedHandler<Env>;
