/** The headers that all answers carry, errors and streams included (auth.md 4.1, rows 1-3). */
import type { MiddlewareHandler } from "hono";
import { baseUrl } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { schemasUrl } from "../norman/links.ts";
import { splitUrl, targetProblem } from "../target.ts";

const isLocalDiscovery = /^(?:\/k8s\/clusters\/local)?\/apis?\/?$/;

/**
 * `X-API-Cattle-Auth`: whether the caller is authenticated; tells a client a stale session from a missing right.
 * `X-Request-Id`: so that a user can name the request whose details only the log has. No caching, but for what its own handler
 * has tagged: kubectl keeps discovery, and asks whether it is still true.
 */
export const answerHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set("x-request-id", c.get("requestId"));
  headers.set("x-api-cattle-auth", String(c.get("identity") !== undefined));
  headers.set("x-content-type-options", "nosniff");
  if (!(isLocalDiscovery.test(c.req.path) && headers.has("etag")))
    headers.set("cache-control", "no-cache, no-store, must-revalidate");
  if (c.get("route").face === "norman") await addNormanHeaders(c, headers);
};

/** `X-Api-Schemas` on all of Norman's answers, also the 401 of a filter before it (norman-v3.md 1.2). */
async function addNormanHeaders(c: AppContext, headers: Headers): Promise<void> {
  if (!/^\/(?:v3(?:\/|$)|$)/.test(c.req.path)) return;
  // What was refused as no path of ours may hold characters that no header can.
  if (targetProblem(splitUrl(c.req.raw.url), c.req.raw.headers.get("host")) !== undefined) return;
  // Where the database is away, the answer that says so still goes out.
  const base = await baseUrl(c).catch(() => c.get("origin"));
  headers.set("X-Api-Schemas", schemasUrl(base, c.req.path));
  headers.set("Expires", "Wed 24 Feb 1982 18:42:00 GMT");
}
