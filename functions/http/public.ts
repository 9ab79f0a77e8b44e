/** What anyone may read: liveness, the CA, the version, seven settings (auth.md 4.1, tunnel.md 2.2). */
import { Hono } from "hono";
import { allows } from "../../schema/rbac/evaluate.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import { publicSettings, settingDefaults } from "../settings/catalogue.ts";
import type { AppEnv } from "./context.ts";
import { caAnswer } from "./cacerts.ts";

export const publicInfo = new Hono<AppEnv>()
  .get("/healthz", (c) => c.text("ok"))
  .get("/cacerts", caAnswer)
  .get("/rancherversion", async (c) =>
    c.json({
      Version: await c.get("settings").get("server-version"),
      GitCommit: c.env.DROVER_VERSION ?? "",
      RancherPrime: "false",
    }),
  );

for (const name of publicSettings) {
  publicInfo.get(`/v3/settings/${name}`, async (c, next) => {
    // For who may read settings it is an ordinary resource with links: Norman's.
    const rules = c.get("identity")?.rules ?? [];
    if (allows(rules, { verb: "get", group: settings.group, resource: settings.plural, name })) return next();
    const value = await c.get("settings").get(name);
    const self = `${c.get("origin")}/v3/settings/${name}`;
    return c.json({
      id: name,
      type: "setting",
      baseType: "setting",
      name,
      value,
      default: settingDefaults[name],
      links: { self },
    });
  });
}
