/**
 * `/metrics`, for who may get `ranchermetrics` (auth.md 4.1), and the same below `/k8s/clusters/local` for who may get the
 * path, as in a kube-apiserver. A scrape is one short statement and three calls: nothing is gone through, and
 * no cluster's object is woken.
 */
import { Hono } from "hono";
import { readStatistics } from "../../../schema/store/statistics.ts";
import { authorize } from "../../../schema/store/authorize.ts";
import { actorOf } from "../../identity/identity.ts";
import { resolveImpersonation } from "../../identity/impersonation.ts";
import { openSql } from "../../store/open-sql.ts";
import { requireIdentity } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { contentType, exposition } from "./exposition.ts";
import type { Family } from "./exposition.ts";
import {
  jobFamilies,
  metaKeys,
  ownFamilies,
  storeFamilies,
  tunnelFamilies,
  watchFamilies,
} from "./families.ts";

const metrics = { group: "management.cattle.io", plural: "ranchermetrics", kind: "" };

export const metricsApp = new Hono<AppEnv>().get("/metrics", async (c) => {
  const identity = await resolveImpersonation(c, requireIdentity(c), "local");
  authorize(actorOf(identity), { verb: "get", definition: metrics });
  return metricsAnswer(c);
});

/** Rights have been judged. What cannot be asked is left out, and said to be. */
export async function metricsAnswer(c: AppContext): Promise<Response> {
  const { env } = c;
  const sources: Readonly<Record<string, () => Promise<readonly Family[]>>> = {
    database: async () => storeFamilies(await readStatistics(openSql(env), metaKeys)),
    scheduler: async () => jobFamilies(await env.SCHEDULER.getByName("main").counts()),
    watch_hub: async () => watchFamilies(await env.WATCH_HUB.getByName("main").statistics()),
    tunnels: async () => tunnelFamilies(await env.TUNNEL_STATISTICS.getByName("main").read()),
  };
  const found = await Promise.all(
    Object.entries(sources).map(async ([source, read]) => {
      try {
        return { source, up: true, families: await read() };
      } catch (error) {
        c.get("log").warn("a part cannot be asked for its metrics", { source, error });
        return { source, up: false, families: [] };
      }
    }),
  );
  const families = [
    ...ownFamilies(env.DROVER_VERSION ?? "", Object.fromEntries(found.map(({ source, up }) => [source, up]))),
    ...found.flatMap((part) => part.families),
  ];
  return new Response(exposition(families), { headers: { "content-type": contentType } });
}
