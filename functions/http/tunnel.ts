/** The one way from a handler to a cluster's tunnel object (design 2): a request, and our context beside it. */
import { CONTEXT_HEADER, encodeContext } from "../../schema/internal/context.ts";
import type { InternalContext } from "../../schema/internal/context.ts";
import type { AppContext } from "./context.ts";

/**
 * `name`: of the object (tunnel-name.ts). Upgrades included. The object gives its answer all headers that answers carry: no
 * JavaScript of this Worker touches it again.
 */
export async function toTunnel(
  c: AppContext,
  request: Request,
  name: string,
  context: InternalContext,
): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set(CONTEXT_HEADER, encodeContext(context));
  const response = await c.env.TUNNEL.getByName(name).fetch(request, { headers, redirect: "manual" });
  c.set("throughTunnel", true);
  return response;
}
