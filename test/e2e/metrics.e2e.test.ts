/** `/metrics` of a whole Drover: who may read it, and that it says what goes on (docs/metrics.md). */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson, eventually, loginAs } from "./drover.ts";
import { kubectlOf, startLocal, writeLocalKubeconfig } from "./local.ts";
import type { Local } from "./local.ts";
import { openStream, restOf } from "./rest.ts";
import type { Rest } from "./rest.ts";

describe("metrics", () => {
  let local: Local;
  let rest: Rest;
  const { kubectl, fails } = kubectlOf(() => local);

  beforeAll(async () => {
    local = await startLocal();
    rest = restOf(local.drover);
  }, 900_000);
  afterAll(() => local?.stop(), 60_000);

  /** Samples by name and labels. */
  const scrape = async (token = local.admin.token): Promise<ReadonlyMap<string, number>> => {
    const { status, text, headers } = await rest("GET /metrics", { token });
    expect(status, text).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of samples) expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+$/);
    return new Map(
      samples.map((line) => [
        line.slice(0, line.lastIndexOf(" ")),
        Number(line.slice(line.lastIndexOf(" "))),
      ]),
    );
  };

  it("are nobody's without a token, and no user's without the right", async () => {
    expect((await rest("GET /metrics")).status).toBe(401);
    const { admin, drover } = local;
    const password = "a reader's passphrase";
    const { id } = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
      username: "reader",
      password,
      enabled: true,
    });
    await callJson(admin, "POST", "/v3/globalrolebindings", { globalRoleId: "user", userId: id });
    const { token } = await loginAs(drover, "reader", password);
    const refused = await rest("GET /metrics", { token });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain(
      'cannot get resource "ranchermetrics" in API group "management.cattle.io"',
    );
    expect((await rest("GET /k8s/clusters/local/metrics", { token })).json).toMatchObject({
      reason: "Forbidden",
      message: `forbidden: User "${id}" cannot get path "/metrics"`,
    });
    expect((await rest("POST /metrics", { token: admin.token })).status).toBe(404);
    await callJson(admin, "POST", "/v3/globalrolebindings", {
      globalRoleId: "view-rancher-metrics",
      userId: id,
    });
    await eventually("the new right", 15_000, async () =>
      (await rest("GET /metrics", { token })).status === 200 ? true : undefined,
    );
  });

  it("are a service account's by RBAC, by kubectl too", async () => {
    await kubectl(["-n", "default", "create", "serviceaccount", "prometheus"]);
    const token = (await kubectl(["-n", "default", "create", "token", "prometheus"])).trim();
    expect((await rest("GET /metrics", { token })).status).toBe(403);
    const kc = join(local.home, "prometheus");
    writeLocalKubeconfig(kc, local.drover, token);
    const env = { KUBECONFIG: kc };
    expect(await fails(["get", "--raw", "/metrics"], { env })).toContain('cannot get path "/metrics"');
    const subject = "--serviceaccount=default:prometheus";
    await kubectl(["create", "clusterrolebinding", "mon", "--clusterrole", "system:monitoring", subject]);
    await eventually("the new right", 15_000, async () =>
      (await kubectl(["get", "--raw", "/metrics"], { env })).includes("drover_store_revision")
        ? true
        : undefined,
    );
    expect((await rest("GET /metrics", { token })).status).toBe(403);
  });

  it("follow writes, watches and scheduled work", async () => {
    const before = await scrape();
    const { stop } = await openStream(local.drover, "/api/v1/configmaps?watch=true", {
      authorization: `Bearer ${local.admin.token}`,
    });
    await kubectl(["-n", "default", "create", "configmap", "seen"]);
    const after = await eventually("the watcher", 15_000, async () => {
      const found = await scrape();
      return found.get('drover_watchers{resource="configmaps"}') === 1 ? found : undefined;
    });
    stop();
    await eventually("its leaving", 15_000, async () => {
      const watchers = (await scrape()).get('drover_watchers{resource="configmaps"}') ?? 0;
      return watchers === 0 ? true : undefined;
    });
    expect(before.get('drover_metrics_source_up{source="database"}')).toBe(1);
    expect(before.get('drover_metrics_source_up{source="watch_hub"}')).toBe(1);
    expect(after.get("drover_store_revision")).toBeGreaterThan(before.get("drover_store_revision") ?? 0);
    expect(after.get("drover_event_log_oldest_revision")).toBe(1);
    expect(after.get("drover_event_log_events")).toBe(after.get("drover_store_revision"));
    expect(after.get("drover_event_log_bytes")).toBeGreaterThan(0);
    expect(after.get("drover_watch_hub_revision")).toBeGreaterThan(0);
    expect(after.get("drover_watch_hub_log_reads_total")).toBeGreaterThan(0);
    expect(after.get('drover_job_runs_total{job="namespace-defaults"}')).toBeGreaterThan(0);
    expect(after.get('drover_job_failures_total{job="namespace-defaults"}')).toBe(0);
    // Cron comes once a minute.
    const swept = await eventually("the sweep", 90_000, async () => {
      const found = await scrape();
      return found.has('drover_job_runs_total{job="health-sweep"}') ? found : undefined;
    });
    for (const job of ["wake-up", "event-retention", "event-expiry", "signing-keys", "rewrap"]) {
      expect(swept.get(`drover_job_runs_total{job="${job}"}`)).toBeGreaterThan(0);
      expect(swept.get(`drover_job_failures_total{job="${job}"}`)).toBe(0);
    }
    expect(swept.get('drover_sealed_values{key="k1",current="true"}')).toBeGreaterThan(0);
  }, 120_000);
});
