/** Settings and feature flags as objects (issue 4): seeded at each start, changed by an unmodified kubectl without a restart. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBinaries } from "../testbed/build.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import { eventually, loginAs, newDataDir, removeDataDir, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { writeLocalKubeconfig } from "./local.ts";
import { restOf } from "./rest.ts";

const password = "settings passphrase";

describe("settings and features", () => {
  const home = mkdtempSync(join(tmpdir(), "drover-settings-"));
  const dataDir = newDataDir();
  let program: string;
  let drover: Drover;
  let token: string;

  const start = async (env: Record<string, string>, features: string): Promise<void> => {
    const args = ["--bootstrap-password", password, "--features", features];
    drover = await startDrover({ dataDir, args, env });
    ({ token } = await loginAs(drover, "admin", password));
    writeLocalKubeconfig(join(home, "kc"), drover, token);
  };
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    runKubectl({ kubectl: program, kubeconfig: join(home, "kc"), home }, args, { env });
  const kubectl = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const { code, stdout, stderr } = await run(args, env);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: code ${code}\n${stderr}`);
    return stdout;
  };
  const settings = "settings.management.cattle.io";
  const features = "features.management.cattle.io";

  beforeAll(async () => {
    ({ kubectl: program } = await ensureBinaries({ onProgress: (line) => console.error(line) }));
    await start({ CATTLE_UI_PL: "acme", CATTLE_BASE_UI_BRAND: "blue" }, "legacy=true");
  }, 900_000);

  afterAll(async () => {
    await drover?.stop();
    removeDataDir(dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it("are all there, with their defaults", async () => {
    const names = (await kubectl(["get", settings, "-o", "name"])).trim().split("\n");
    expect(names).toHaveLength(185);
    expect(await kubectl(["get", settings, "ui-brand", "-o", "jsonpath={.value}|{.default}"])).toBe("|blue");
    const table = await kubectl(["get", features]);
    expect(table).toMatch(/^NAME\s+CUSTOM VALUE\s+DEFAULT\s+DESCRIPTION$/m);
    expect(table).toMatch(/^legacy\s+<no value>\s+true\s+Legacy pages and APIs$/m);
    expect(table).toMatch(/^harvester\s+<no value>\s+true\s+Import and drive Harvester clusters$/m);
    expect(table.trim().split("\n")).toHaveLength(1 + 29);
  });

  it("take effect without a restart: kubectl edit setting server-url", async () => {
    const url = "https://drover.example.com:9443";
    const editor = { KUBE_EDITOR: `sed -i 's#^value:.*#value: ${url}#'` };
    expect(await kubectl(["edit", settings, "server-url"], editor)).toContain("edited");
    const rest = restOf(drover);
    const { json } = await rest("POST /v3/clusters", { token, body: { name: "edge" } });
    const generate = `POST /v3/clusters/${String(json["id"])}?action=generateKubeconfig`;
    await eventually("a kubeconfig with the new URL", 20_000, async () =>
      (await rest(generate, { token })).text.includes(url) ? true : undefined,
    );
    const wrong = ["patch", settings, "server-url", "--type=merge", "-p", '{"value":"ftp://nowhere"}'];
    expect((await run(wrong)).stderr).toContain("must be an https URL");
  });

  it("that the environment sets, and locked flags, cannot be changed", async () => {
    expect(await kubectl(["get", settings, "ui-pl", "-o", "jsonpath={.value}|{.source}"])).toBe("acme|env");
    const patch = ["patch", settings, "ui-pl", "--type=merge", "-p", '{"value":"other"}'];
    expect((await run(patch)).stderr).toContain("the environment of the server sets it");
    const rest = restOf(drover);
    expect(await rest("PUT /v3/settings/ui-pl", { token, body: { value: "other" } })).toMatchObject({
      status: 405,
    });
    const unlock = ["patch", features, "token-hashing", "--type=merge", "-p", '{"spec":{"value":false}}'];
    expect((await run(unlock)).stderr).toContain("the flag is locked to true");
  });

  it("are put right at the next start, but for what somebody chose", async () => {
    await kubectl(["patch", features, "harvester", "--type=merge", "-p", '{"spec":{"value":false}}']);
    const made = {
      apiVersion: "management.cattle.io/v3",
      kind: "Setting",
      metadata: { name: "made-up" },
      value: "x",
    };
    const file = join(home, "made-up.json");
    writeFileSync(file, JSON.stringify(made));
    await kubectl(["create", "-f", file]);
    await drover.stop();
    await start({}, "legacy=false");

    expect((await run(["get", settings, "made-up"])).stderr).toContain("not found");
    expect(await kubectl(["get", settings, "ui-pl", "-o", "jsonpath={.value}|{.source}"])).toBe("|");
    expect(await kubectl(["get", settings, "ui-brand", "-o", "jsonpath={.default}"])).toBe("");
    expect(await kubectl(["get", settings, "server-url", "-o", "jsonpath={.value}"])).toBe(
      "https://drover.example.com:9443",
    );
    expect(await kubectl(["get", features, "legacy", "-o", "jsonpath={.status.default}"])).toBe("false");
    expect(
      await kubectl(["get", features, "harvester", "-o", "jsonpath={.spec.value}|{.status.default}"]),
    ).toBe("false|true");
  });
});
