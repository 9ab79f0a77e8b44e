/** The management store as a Kubernetes API (issue 4): an unmodified kubectl against `/k8s/clusters/local`. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson, eventually, loginAs } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { kubectlOf, startLocal, writeLocalKubeconfig } from "./local.ts";
import type { Local } from "./local.ts";

const configMap = (name: string, data: Record<string, string>, labels: Record<string, string> = {}): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "apps", labels },
    data,
  });

describe("kubectl against the management store", () => {
  let local: Local;
  let drover: Drover;
  let admin: Local["admin"];
  let home: string;

  const { run, kubectl, fails } = kubectlOf(() => local);
  const apply = (text: string, ...more: string[]): Promise<string> =>
    kubectl(["apply", "-f", "-", ...more], { input: text });

  beforeAll(async () => {
    local = await startLocal();
    ({ drover, admin, home } = local);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("names its version and its types", async () => {
    expect(await kubectl(["version"])).toMatch(/Server Version: v1\.36\./);
    const types = await kubectl(["api-resources", "--no-headers"]);
    expect(types).toMatch(/^configmaps\s+cm\s+v1\s+true\s+ConfigMap$/m);
    expect(types).toMatch(/^clusters\s+management\.cattle\.io\/v3\s+false\s+Cluster$/m);
    expect(await kubectl(["api-versions"])).toContain("management.cattle.io/v3");
    expect(await kubectl(["explain", "clusters.spec", "--api-version=management.cattle.io/v3"])).toContain(
      "displayName",
    );
    expect(await kubectl(["explain", "configmaps", "--recursive"])).toContain("binaryData");
  });

  it("creates a namespace and objects in it, by flags and from files", async () => {
    await kubectl(["create", "namespace", "apps"]);
    await kubectl(["-n", "apps", "create", "configmap", "by-flags", "--from-literal=a=1"]);
    expect(await apply(configMap("from-file", { b: "2" }, { tier: "web" }))).toContain("created");
    expect(await apply(configMap("from-file", { b: "2" }, { tier: "web" }))).toContain("unchanged");
    expect(await apply(configMap("from-file", { b: "3" }, { tier: "web" }))).toContain("configured");
    const table = await kubectl(["-n", "apps", "get", "configmaps"]);
    expect(table).toMatch(/^NAME\s+DATA\s+AGE$/m);
    expect(table).toMatch(/^by-flags\s+1\s+\d+s$/m);
    expect(await kubectl(["-n", "apps", "get", "cm", "from-file", "-o", "jsonpath={.data.b}"])).toBe("3");
    expect(await kubectl(["-n", "apps", "get", "cm", "-l", "tier in (web)", "-o", "name"])).toBe(
      "configmap/from-file\n",
    );
    expect(
      await kubectl(["-n", "apps", "get", "cm", "--field-selector", "metadata.name=by-flags", "-o", "name"]),
    ).toBe("configmap/by-flags\n");
    expect(
      await kubectl(["get", "namespace", "apps", "-o", "custom-columns=N:.metadata.name,P:.status.phase"]),
    ).toMatch(/apps\s+Active/);
    expect(await kubectl(["-n", "apps", "describe", "cm", "by-flags"])).toContain("Name:         by-flags");
    expect(await kubectl(["get", "ns", "apps", "-o", "yaml"])).toContain("kubernetes.io/metadata.name: apps");
  });

  it("applies a kustomization, and says what would change", async () => {
    const dir = join(home, "kustomize");
    mkdirSync(dir);
    writeFileSync(join(dir, "kustomization.yaml"), "namespace: apps\nresources: [cm.yaml]\n");
    writeFileSync(
      join(dir, "cm.yaml"),
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kustomized\ndata:\n  k: v\n",
    );
    expect(await kubectl(["apply", "-k", dir])).toContain("configmap/kustomized created");
    const changed = await run(["diff", "-f", "-"], {
      input: configMap("kustomized", { k: "w" }),
    });
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain("+  k: w");
    expect(await kubectl(["-n", "apps", "get", "cm", "kustomized", "-o", "jsonpath={.data.k}"])).toBe("v");
  });

  it("patches in three formats, labels, annotates, replaces and edits", async () => {
    const get = (path: string): Promise<string> =>
      kubectl(["-n", "apps", "get", "cm", "by-flags", "-o", `jsonpath=${path}`]);
    const patch = (type: string, body: unknown): Promise<string> =>
      kubectl(["-n", "apps", "patch", "cm", "by-flags", `--type=${type}`, "-p", JSON.stringify(body)]);
    await patch("strategic", { data: { s: "1" }, metadata: { finalizers: ["test.drover.io/a"] } });
    await patch("strategic", { metadata: { finalizers: ["test.drover.io/b"] } });
    expect((JSON.parse(await get("{.metadata.finalizers}")) as string[]).toSorted()).toEqual([
      "test.drover.io/a",
      "test.drover.io/b",
    ]);
    await patch("merge", { data: { m: "1", s: null }, metadata: { finalizers: null } });
    await patch("json", [
      { op: "test", path: "/data/m", value: "1" },
      { op: "add", path: "/data/j", value: "1" },
    ]);
    expect(JSON.parse(await get("{.data}"))).toEqual({ a: "1", m: "1", j: "1" });
    expect(
      await fails([
        "-n",
        "apps",
        "patch",
        "cm",
        "by-flags",
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/nope"}]',
      ]),
    ).toMatch(/invalid|remove/i);
    await kubectl(["-n", "apps", "label", "cm", "by-flags", "tier=db"]);
    await kubectl(["-n", "apps", "annotate", "cm", "by-flags", "note=yes"]);
    expect(await get("{.metadata.labels.tier}{.metadata.annotations.note}")).toBe("dbyes");
    await kubectl(["replace", "-f", "-"], { input: configMap("by-flags", { r: "1" }) });
    expect(await get("{.data}")).toBe('{"r":"1"}');
    await kubectl(["-n", "apps", "edit", "cm", "by-flags"], {
      env: { KUBE_EDITOR: "sed -i s/r:/edited:/" },
    });
    expect(await get("{.data}")).toBe('{"edited":"1"}');
  });

  it("takes an edited setting into force without a restart", async () => {
    const url = "https://drover.example.com";
    await kubectl([
      "patch",
      "settings.management.cattle.io",
      "server-url",
      "--type=merge",
      "-p",
      `{"value":"${url}"}`,
    ]);
    const setting = await callJson<{ value: string }>(admin, "GET", "/v3/settings/server-url");
    expect(setting.value).toBe(url);
    expect(
      await fails([
        "patch",
        "settings.management.cattle.io",
        "server-url",
        "--type=merge",
        "-p",
        '{"value":"http://x"}',
      ]),
    ).toContain("must be an https URL");
  });

  it("refuses unknown fields, wrong versions and foreign names, each with a reason", async () => {
    const odd = JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "odd", namespace: "apps" },
      dta: { a: "1" },
    });
    expect(await fails(["create", "-f", "-"], { input: odd })).toContain('unknown field "dta"');
    const warned = await run(["create", "-f", "-", "--validate=warn"], {
      input: odd,
    });
    expect([warned.code, warned.stderr]).toEqual([0, expect.stringContaining('unknown field "dta"')]);
    expect(await fails(["-n", "apps", "get", "cm", "nobody"])).toContain(
      'Error from server (NotFound): configmaps "nobody" not found',
    );
    expect(await fails(["create", "-f", "-"], { input: configMap("from-file", {}) })).toContain(
      "AlreadyExists",
    );
    expect(await fails(["create", "-f", "-"], { input: configMap("Not_A_Name", {}) })).toContain("Invalid");
    expect(await fails(["-n", "nowhere", "create", "cm", "x"])).toContain('namespaces "nowhere" not found');
  });

  it("creates nothing in a dry run", async () => {
    expect(await apply(configMap("dry", {}), "--dry-run=server")).toContain("created (server dry run)");
    expect(await fails(["-n", "apps", "get", "cm", "dry"])).toContain("NotFound");
  });

  it("lists in chunks at one revision", async () => {
    for (let index = 0; index < 25; index++) await apply(configMap(`chunk-${index}`, {}, { chunk: "yes" }));
    const names = await kubectl([
      "-n",
      "apps",
      "get",
      "cm",
      "-l",
      "chunk=yes",
      "--chunk-size=4",
      "-o",
      "name",
    ]);
    expect(names.trim().split("\n")).toHaveLength(25);
  });

  it("watches: the state, then each change, in order", async () => {
    const watching = spawn(
      local.kubectl,
      ["-n", "apps", "get", "cm", "-l", "watched=yes", "-w", "--no-headers", "--output-watch-events"],
      {
        env: { PATH: process.env["PATH"], HOME: home, KUBECONFIG: local.kubeconfig },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let seen = "";
    watching.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    const lines = (): string[] =>
      seen.split("\n").flatMap(
        (line) =>
          line
            .match(/^(\w+)\s+(\S+)/)
            ?.slice(1, 3)
            .join(" ") ?? [],
      );
    await apply(configMap("watched", { v: "1" }, { watched: "yes" }));
    await eventually("the first event", 10_000, () => (lines().length > 0 ? true : undefined));
    await apply(configMap("watched", { v: "2" }, { watched: "yes" }));
    // It leaves the selector, and comes back.
    await kubectl(["-n", "apps", "label", "cm", "watched", "watched-"]);
    await kubectl(["-n", "apps", "label", "cm", "watched", "watched=yes"]);
    await kubectl(["-n", "apps", "delete", "cm", "watched"]);
    await eventually("all events", 10_000, () => (lines().length >= 5 ? true : undefined));
    watching.kill();
    expect(lines()).toEqual([
      "ADDED watched",
      "MODIFIED watched",
      "DELETED watched",
      "ADDED watched",
      "DELETED watched",
    ]);
  });

  it("waits for a deletion, and for a condition", async () => {
    await apply(configMap("short-lived", { phase: "old" }));
    const waiting = kubectl(["-n", "apps", "wait", "--for=delete", "cm/short-lived", "--timeout=20s"]);
    const condition = kubectl([
      "-n",
      "apps",
      "wait",
      "--for=jsonpath={.data.phase}=new",
      "cm/short-lived",
      "--timeout=20s",
    ]);
    await apply(configMap("short-lived", { phase: "new" }));
    expect(await condition).toContain("condition met");
    await kubectl(["-n", "apps", "delete", "cm", "short-lived"]);
    await waiting;
  });

  it("deletes one, many by selector, and leaves the rest", async () => {
    await kubectl(["-n", "apps", "delete", "cm", "-l", "chunk=yes"]);
    await kubectl(["delete", "--raw", "/api/v1/namespaces/apps/configmaps?labelSelector=tier%3Dweb"]);
    const left = await kubectl(["-n", "apps", "get", "cm", "-o", "name"]);
    expect(left.trim().split("\n").toSorted()).toEqual([
      "configmap/by-flags",
      "configmap/kube-root-ca.crt",
      "configmap/kustomized",
      "configmap/odd",
    ]);
  });

  it("says who asks and what he may do", async () => {
    expect(await kubectl(["auth", "whoami", "-o", "jsonpath={.status.userInfo.groups}"])).toContain(
      "system:authenticated",
    );
    expect(await kubectl(["auth", "can-i", "delete", "clusters.management.cattle.io"])).toBe("yes\n");
    expect(await kubectl(["auth", "can-i", "--list"])).toMatch(/\*\.\*\s+\[\]\s+\[\]\s+\[\*\]/);
  });

  it("shows a user only what his rights are, in Kubernetes' words", async () => {
    const user = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
      username: "reader",
      password: "a reader's passphrase",
      enabled: true,
    });
    await callJson(admin, "POST", "/v3/globalrolebindings", { globalRoleId: "user", userId: user.id });
    const reader = await loginAs(drover, "reader", "a reader's passphrase");
    const bare = join(home, "bare");
    writeLocalKubeconfig(bare, drover, reader.token);
    expect(
      await kubectl(["get", "settings.management.cattle.io", "server-url", "-o", "name"], {
        env: { KUBECONFIG: bare },
      }),
    ).toContain("server-url");
    const refused = await fails(["-n", "apps", "get", "secrets"], { env: { KUBECONFIG: bare } });
    expect(refused).toContain(
      `secrets is forbidden: User "${user.id}" cannot list resource "secrets" in API group "" in the namespace "apps"`,
    );
    expect(await fails(["-n", "apps", "get", "cm", "-w"], { env: { KUBECONFIG: bare } })).toContain(
      "Forbidden",
    );
    expect(await fails(["-n", "apps", "create", "cm", "x"], { env: { KUBECONFIG: bare } })).toContain(
      `User "${user.id}" cannot create resource "configmaps"`,
    );
  });
});
