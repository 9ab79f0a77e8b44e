/** What a request is before anybody looks at who asks: its name, its target, and whether it may be routed at all. */
import { createLogger } from "../../../schema/logger.ts";
import { createSettings } from "../../settings/settings.ts";
import { openStore } from "../../store/open-store.ts";
import { clientAddress } from "../client-address.ts";
import { systemActor } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";
import { requestIdOf } from "../request-id.ts";
import { routeOf } from "../routes.ts";
import { splitUrl, targetProblem } from "../target.ts";

/** Fills the context. Identity comes later (access.ts). */
export function fillContext(c: AppContext): void {
  const { origin, target, path } = splitUrl(c.req.raw.url);
  const requestId = requestIdOf(c.req.raw.headers);
  const log = createLogger(c.env.DROVER_LOG_LEVEL, { requestId });
  // First what an error's answer needs: a key ring that cannot be read makes `openStore` throw.
  c.set("requestId", requestId);
  c.set("log", log);
  c.set("target", target);
  c.set("route", routeOf(c.req.method, path, target.slice(path.length + 1)));
  // Behind the local front the connection is TLS although workerd sees none.
  c.set("origin", c.env.DROVER_TRUST_FRONT === "1" ? origin.replace(/^http:/, "https:") : origin);
  c.set("clientAddress", clientAddress(c.req.raw.headers, c.env));
  c.set("identity", undefined);
  const store = openStore(c.env, { log });
  c.set("store", store);
  c.set(
    "settings",
    createSettings(c.env, () => store.as(systemActor("settings"))),
  );
}

/** 400 for dot segments in any spelling and for targets that parsers read differently. */
export function refuseOddTarget(c: AppContext): void {
  const problem = targetProblem(splitUrl(c.req.raw.url), c.req.raw.headers.get("host"));
  if (problem !== undefined) throw new ApiError("BadRequest", problem);
}

/** `x-drover-*` is ours alone: what a client sends under such a name goes no further. The local front sees to that itself. */
export function dropInternalHeaders(c: AppContext): void {
  if (c.env.DROVER_TRUST_FRONT === "1") return;
  const foreign = [...c.req.raw.headers.keys()].filter((name) => name.startsWith("x-drover-"));
  if (foreign.length > 0) {
    const headers = new Headers(c.req.raw.headers);
    for (const name of foreign) headers.delete(name);
    c.req.raw = new Request(c.req.raw, { headers });
  }
}
