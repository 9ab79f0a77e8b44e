/** The one way from a handler to a cluster's tunnel object (design 2): a request, and our context beside it. */
import { CONTEXT_HEADER, encodeContext } from "../../schema/internal/context.ts";
import type { InternalContext } from "../../schema/internal/context.ts";
import type { AppContext } from "./context.ts";

/** `name`: of the object (tunnel-name.ts). Upgrades included. The answer is a copy whose headers the middleware may set; no JavaScript touches its body. */
export async function toTunnel(
  c: AppContext,
  request: Request,
  name: string,
  context: InternalContext,
): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set(CONTEXT_HEADER, encodeContext(context));
  const response = await c.env.TUNNEL.getByName(name).fetch(
    new Request(request, { headers, redirect: "manual" }),
  );
  return new Response(response.body, response);
}
