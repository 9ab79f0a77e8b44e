/** What settings may be (auth.md 7.8, row Setting; webhook, Setting). */
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../object.ts";
import { admit } from "../admit.ts";
import { settings } from "./settings.ts";
import type { Setting } from "./settings.ts";

const apiVersion = "management.cattle.io/v3";
const user = { name: "user-abcde", rules: [] };
const setting = (name: string, value = "", more: Partial<Setting> = {}): Setting => ({
  apiVersion,
  kind: "Setting",
  metadata: { name },
  value,
  ...more,
});
const change = async (old: Setting, value: string, stored: readonly KubeObject[] = []): Promise<string[]> => {
  const { errors } = await admit(settings, { ...old, value }, { old, stored, actor: user });
  return errors.map(({ field, message }) => `${field}: ${message}`);
};
const accepted = async (name: string, value: string, stored: readonly KubeObject[] = []): Promise<boolean> =>
  (await change(setting(name), value, stored)).length === 0;

describe("a setting", () => {
  it.each<[string, string[], string[]]>([
    ["disable-inactive-user-after", ["0", "240h", "16h0m"], ["-1h", "1d", "10"]],
    ["delete-inactive-user-after", ["0", "336h"], ["335h59m", "-1h"]],
    ["user-last-login-default", ["2023-11-29T00:00:00Z"], ["yesterday", "2023-11-29"]],
    ["user-retention-cron", ["0 0 * * 0", "@daily"], ["0 0 * *", "often"]],
    ["auth-user-info-resync-cron", ["0 0 * * *"], ["x"]],
    ["auth-user-info-max-age-seconds", ["3600", "-1", "0.5"], ["1h", "ten"]],
    [
      "cluster-agent-default-priority-class",
      ['{"value":1000000000,"preemptionPolicy":"Never"}', "{}"],
      ["[]", "{", '{"value":1000000001}', '{"value":1.5}', '{"preemptionPolicy":"Always"}', '{"other":1}'],
    ],
    [
      "fleet-agent-default-pod-disruption-budget",
      ['{"minAvailable":"1","maxUnavailable":"0"}', '{"maxUnavailable":"100%"}'],
      ['{"minAvailable":"1","maxUnavailable":"1"}', '{"minAvailable":"101%"}', '{"minAvailable":1}', "1"],
    ],
    ["server-url", ["https://drover.example.com:8443"], ["http://a", "https://a/path", "a"]],
  ])("%s takes %j and not %j", async (name, right, wrong) => {
    for (const value of right) expect(await accepted(name, value), value).toBe(true);
    for (const value of wrong) expect(await accepted(name, value), value).toBe(false);
    expect(await accepted(name, "")).toBe(true);
  });

  it("keeps sessions shorter than what counts as inactive", async () => {
    const session = setting("auth-user-session-ttl-minutes", "", { default: "960" });
    const idle = setting("auth-user-session-idle-ttl-minutes", "", { default: "10" });
    const disable = setting("disable-inactive-user-after", "20h");
    const stored = [session, idle, disable];
    expect(await accepted("disable-inactive-user-after", "15h", stored)).toBe(false);
    expect(await accepted("disable-inactive-user-after", "0", stored)).toBe(true);
    expect(await change(session, "1201", stored)).toHaveLength(1);
    expect(await change(session, "1200", stored)).toEqual([]);
    expect(await change(session, "5", stored)).toHaveLength(1);
    expect(await change(idle, "961", stored)).toHaveLength(1);
  });

  it("of the environment, and the CA, are the server's", async () => {
    expect(await change(setting("ui-pl", "acme", { source: "env" }), "other")).toEqual([
      "value: Forbidden: the environment of the server sets it",
    ]);
    expect(await change(setting("cacerts", "PEM"), "other")).toEqual([
      "value: Forbidden: the setting is read only",
    ]);
    const old = setting("ui-pl", "acme", { source: "env" });
    expect((await admit(settings, { ...old, value: "other" }, { old })).problems).toEqual([]);
  });

  it("keeps what it is without its value, whatever a client sends or leaves out", async () => {
    const old = setting("ui-pl", "", { default: "rancher", source: "" });
    const { object } = await admit(settings, setting("ui-pl", "acme", { default: "mine", source: "env" }), {
      old,
      actor: user,
    });
    expect(object).toMatchObject({ value: "acme", default: "rancher", source: "" });
  });

  it("makes agents strict only when each has said that it can, or by force", async () => {
    const old = setting("agent-tls-mode", "system-store", { default: "strict" });
    const cluster = (name: string, status: string): KubeObject =>
      ({
        apiVersion,
        kind: "Cluster",
        metadata: { name },
        status: { conditions: [{ type: "AgentTlsStrictCheck", status }] },
      }) as KubeObject;
    const clusters = [cluster("c-1", "True"), cluster("c-2", "False"), cluster("local", "False")];
    const [problem] = await change(old, "strict", clusters);
    expect(problem).toContain("agents of c-2 have not verified the CA");
    // Empty is the default, which is strict.
    expect(await change(old, "", clusters)).toHaveLength(1);
    expect(await change(old, "strict", clusters.slice(0, 1))).toEqual([]);
    const forced = {
      ...old,
      value: "strict",
      metadata: { ...old.metadata, annotations: { "cattle.io/force": "true" } },
    };
    expect((await admit(settings, forced, { old, stored: clusters, actor: user })).problems).toEqual([]);
  });
});
