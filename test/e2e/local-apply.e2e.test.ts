/** Server-side apply and managedFields (issue 4, requirement 3): an unmodified kubectl and client-go against the management store. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildClientGo, startClientGo } from "../clientgo/clientgo.ts";
import { kubectlOf, startLocal } from "./local.ts";
import type { Local } from "./local.ts";
import { restOf } from "./rest.ts";
import type { Reply } from "./rest.ts";

interface Entry {
  manager: string;
  operation: string;
  subresource?: string;
  fieldsV1: Record<string, unknown>;
}

const configMap = (name: string, data: Record<string, string>, more: object = {}): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "apps" },
    data,
    ...more,
  });

describe("server-side apply", () => {
  let local: Local;
  let clientgo: string;

  const { kubectl, fails, run } = kubectlOf(() => local);
  const serverSide = ["apply", "--server-side", "-f", "-"];
  const apply = (text: string, ...more: string[]): Promise<string> =>
    kubectl([...serverSide, ...more], { input: text });
  const get = async (name: string): Promise<{ data?: object; managed: Entry[]; resourceVersion: string }> => {
    const args = ["-n", "apps", "get", "cm", name, "-o", "json", "--show-managed-fields"];
    const { data, metadata } = JSON.parse(await kubectl(args)) as {
      data?: object;
      metadata: { managedFields?: Entry[]; resourceVersion: string };
    };
    return {
      ...(data === undefined ? {} : { data }),
      managed: metadata.managedFields ?? [],
      resourceVersion: metadata.resourceVersion,
    };
  };
  const core = "/k8s/clusters/local/api/v1/namespaces/apps/configmaps";
  const send = (line: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> =>
    restOf(local.drover)(line, {
      token: local.admin.token,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  const managers = async (name: string): Promise<string[]> =>
    (await get(name)).managed.map(({ manager, operation }) => `${manager} ${operation}`);

  beforeAll(async () => {
    [local, clientgo] = await Promise.all([startLocal(), buildClientGo((line) => console.error(line))]);
    await kubectl(["create", "namespace", "apps"]);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("makes what is not there, changes what is, and writes nothing for the same again", async () => {
    expect(await apply(configMap("one", { a: "1", b: "1" }))).toBe("configmap/one serverside-applied\n");
    const first = await get("one");
    expect(first.managed).toMatchObject([
      { manager: "kubectl", operation: "Apply", fieldsV1: { "f:data": { "f:a": {}, "f:b": {} } } },
    ]);
    await apply(configMap("one", { a: "1", b: "1" }));
    expect((await get("one")).resourceVersion).toBe(first.resourceVersion);
    await apply(configMap("one", { a: "2" }));
    expect((await get("one")).data).toEqual({ a: "2" });
  });

  it("refuses to take over fields of another manager, unless it is told to", async () => {
    await apply(configMap("two", { a: "1", b: "1" }), "--field-manager=first");
    const refused = await fails([...serverSide, "--field-manager=second"], {
      input: configMap("two", { a: "2" }),
    });
    expect(refused).toContain('Apply failed with 1 conflict: conflict with "first": .data.a');
    await apply(configMap("two", { a: "2" }), "--field-manager=second", "--force-conflicts");
    const { data, managed } = await get("two");
    expect(data).toEqual({ a: "2", b: "1" });
    expect(managed.map(({ manager, fieldsV1 }) => [manager, fieldsV1["f:data"]])).toEqual([
      ["first", { "f:b": {} }],
      ["second", { "f:a": {} }],
    ]);
    // Both own what both say alike; the last one to let go takes it along.
    await apply(configMap("two", { a: "2", b: "1" }), "--field-manager=first");
    await apply(configMap("two", {}), "--field-manager=second");
    expect((await get("two")).data).toEqual({ a: "2", b: "1" });
    await apply(configMap("two", {}), "--field-manager=first");
    expect((await get("two")).data).toBeUndefined();
  });

  it("notes who writes by other ways: by name, or by the program", async () => {
    await kubectl(["-n", "apps", "create", "cm", "ways", "--from-literal=a=1", "--field-manager=maker"]);
    await kubectl(["-n", "apps", "annotate", "cm", "ways", "note=1"]);
    await kubectl(["-n", "apps", "patch", "cm", "ways", "--type=merge", "-p", '{"data":{"b":"1"}}']);
    expect((await managers("ways")).toSorted()).toEqual([
      "kubectl-annotate Update",
      "kubectl-patch Update",
      "maker Update",
    ]);
    const headers = { "content-type": "application/merge-patch+json", "user-agent": "robot/1.0 (linux)" };
    const body = JSON.stringify({ data: { a: "2" } });
    expect((await send(`PATCH ${core}/ways`, headers, body)).status).toBe(200);
    expect(await managers("ways")).toContain("robot Update");
    expect(await kubectl(["-n", "apps", "get", "cm", "ways", "-o", "yaml"])).not.toContain("managedFields");
  });

  it("takes over from client-side apply, and goes back", async () => {
    const before = configMap("moved", { a: "1", b: "1" });
    await kubectl(["apply", "-f", "-"], { input: before });
    expect(await managers("moved")).toEqual(["kubectl-client-side-apply Update"]);
    await apply(configMap("moved", { a: "2" }));
    const { data, managed } = await get("moved");
    expect(data).toEqual({ a: "2" });
    expect(managed.map(({ manager, operation }) => `${manager} ${operation}`)).toContain("kubectl Apply");
    expect(await kubectl(["apply", "view-last-applied", "-n", "apps", "cm/moved"])).toContain('a: "2"');
    expect(await kubectl(["apply", "-f", "-"], { input: configMap("moved", { a: "3" }) })).toContain(
      "configured",
    );
    expect((await get("moved")).data).toEqual({ a: "3" });
  });

  it("gives what nobody is known to own to before-first-apply", async () => {
    await kubectl(["-n", "apps", "create", "cm", "reset", "--from-literal=a=1"]);
    const patch = '{"metadata":{"managedFields":[{}]}}';
    await kubectl(["-n", "apps", "patch", "cm", "reset", "--type=merge", "-p", patch]);
    expect(await managers("reset")).toEqual([]);
    await apply(configMap("reset", { b: "1" }), "--field-manager=mine");
    expect(await managers("reset")).toEqual(["mine Apply", "before-first-apply Update"]);
  });

  it("says what would change, and dry runs", async () => {
    await apply(configMap("diffed", { a: "1" }));
    const { code, stdout } = await run(["diff", "--server-side", "-f", "-"], {
      input: configMap("diffed", { a: "2" }),
    });
    expect(code).toBe(1);
    expect(stdout).toContain('+  a: "2"');
    expect(await apply(configMap("diffed", { a: "3" }), "--dry-run=server")).toContain("(server dry run)");
    expect((await get("diffed")).data).toEqual({ a: "1" });
  });

  it("refuses unknown and doubled fields, and other bodies", async () => {
    expect(await fails(serverSide, { input: configMap("odd", {}, { foo: 1 }) })).toContain(
      ".foo: field not declared in schema",
    );
    const patch = (query: string, type: string, body: string, name = "odd"): Promise<Reply> =>
      send(`PATCH ${core}/${name}${query}`, { "content-type": type }, body);
    const yaml = "application/apply-patch+yaml";
    const doubled = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\ndata:\n  a: '1'\n  a: '2'\n";
    expect(await patch("?fieldManager=a&fieldValidation=Strict", yaml, doubled)).toMatchObject({
      status: 400,
      json: {
        message:
          'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
      },
    });
    expect(await patch("?fieldManager=a&fieldValidation=Ignore", yaml, doubled)).toMatchObject({
      status: 201,
      json: { data: { a: "2" } },
    });
    expect(await patch("", yaml, configMap("odd", {}))).toMatchObject({
      status: 422,
      json: {
        message:
          'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      },
    });
    expect(await patch("?fieldManager=a%01", yaml, configMap("odd", {}))).toMatchObject({ status: 422 });
    expect(await patch("?force=true", "application/merge-patch+json", "{}")).toMatchObject({ status: 422 });
    expect(await patch("?fieldManager=a", "application/apply-patch+cbor", "")).toMatchObject({ status: 415 });
    const uid = { metadata: { name: "new", namespace: "apps", uid: "u" } };
    expect(await patch("?fieldManager=a", yaml, configMap("new", {}, uid), "new")).toMatchObject({
      status: 409,
      json: { reason: "Conflict" },
    });
  });

  it("applies a setting, whose owners Norman hides", async () => {
    const setting = {
      apiVersion: "management.cattle.io/v3",
      kind: "Setting",
      metadata: { name: "ui-brand" },
    };
    await apply(JSON.stringify({ ...setting, value: "applied" }), "--force-conflicts");
    const answer = await send("GET /v3/settings/ui-brand");
    expect(answer).toMatchObject({ status: 200, json: { value: "applied" } });
    expect(answer.text).not.toContain("managedFields");
  });

  it("serves client-go's apply: conflicts, extraction, removal, and a status", async () => {
    const peer = startClientGo(clientgo, "apply", local.kubeconfig, { namespace: "apps" });
    expect(await peer.next("applied", 60_000)).toEqual({
      event: "applied",
      conflict: true,
      causes: ["FieldManagerConflict .data.a"],
      owned: { a: "2" },
      data: { a: "2", c: "1" },
      idle: true,
      condition: "Apply status",
    });
    await peer.stop();
  });
});
