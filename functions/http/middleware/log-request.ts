/** A line for each request, at `debug`: what was asked, what came of it, how long it took until the answer began. */
import type { AppContext } from "../context.ts";

/** `began`: epoch milliseconds. */
export function logRequest(c: AppContext, began: number): void {
  const route = c.get("route");
  c.get("log").debug("request", {
    method: c.req.method,
    // The name of an import manifest holds its token.
    path: route.access === "own" ? route.path : c.req.path,
    status: c.res.status,
    ms: Date.now() - began,
  });
}
