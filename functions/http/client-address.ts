/** The one place that says who the client is on the network (design 2). */
import type { Env } from "../env.ts";

/** Set by the local front on every connection, whatever the client sent. */
const clientAddressHeader = "x-drover-client-ip";

/**
 * Production: Cloudflare's header, which it always overwrites. Locally: the front's. Each is believed only where it is
 * written by ours: a client behind the local front can send `cf-connecting-ip`. Empty when unknown.
 */
export function clientAddress(headers: Headers, env: Pick<Env, "DROVER_TRUST_FRONT">): string {
  const header = env.DROVER_TRUST_FRONT === "1" ? clientAddressHeader : "cf-connecting-ip";
  return headers.get(header) ?? "";
}
