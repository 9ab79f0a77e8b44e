/** The headers that all answers carry, errors and streams included (auth.md 4.1, rows 1-3). */
import { answerHeaders } from "../../../schema/internal/answer-headers.ts";
import { baseUrl } from "../context.ts";
import type { AppContext } from "../context.ts";
import { schemasUrl } from "../norman/links.ts";
import { splitUrl, targetProblem } from "../target.ts";

const isLocalDiscovery = /^(?:\/k8s\/clusters\/local)?\/apis?\/?$/;

/**
 * No caching, but for what its own handler has tagged: kubectl keeps discovery, and asks whether it is still true. What comes
 * from a tunnel object has them already.
 */
export async function setAnswerHeaders(c: AppContext): Promise<void> {
  if (c.get("throughTunnel")) return;
  const { headers } = c.res;
  const tagged = isLocalDiscovery.test(c.req.path) && headers.has("etag");
  for (const [name, value] of answerHeaders(c.get("requestId"), c.get("identity") !== undefined))
    if (!(tagged && name === "cache-control")) headers.set(name, value);
  if (c.get("route").face === "norman") await addNormanHeaders(c, headers);
}

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
