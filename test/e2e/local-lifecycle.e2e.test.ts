/** How objects of the management store end (issue 4, requirement 5): stock kubectl against `/k8s/clusters/local`. */
import { join } from "node:path";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../infra/postgres/client.ts";
import { parseDatabaseUrl } from "../../infra/postgres/database-url.ts";
import { control } from "../../infra/workerd/control.ts";
import { migratedPostgres } from "../setup/database.ts";
import { kubectlOf, startLocal } from "./local.ts";
import type { Local } from "./local.ts";

const patience = { timeout: 20_000, interval: 200 };

describe("the end of objects, by kubectl", () => {
  let local: Local;
  let database: { url: string; stop: () => Promise<void> };
  let sql: Sql;

  const calls = kubectlOf(() => local);
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    calls.kubectl(args, input === undefined ? {} : { input });
  const fails = (args: readonly string[], input?: string): Promise<string> =>
    calls.fails(args, input === undefined ? {} : { input });
  const names = async (namespace: string): Promise<string[]> =>
    (await kubectl(["-n", namespace, "get", "cm", "-o", "name"]))
      .split("\n")
      .filter((line) => line !== "" && !line.endsWith("/kube-root-ca.crt"))
      .map((line) => line.replace("configmap/", ""));

  async function configMap(name: string, namespace: string, metadata: object = {}): Promise<void> {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, ...metadata } };
    await kubectl(["create", "-f", "-"], JSON.stringify(object));
  }

  /** `owner`, which owns `child` and waits for it, which owns `grandchild`. */
  async function family(namespace: string): Promise<void> {
    await kubectl(["create", "namespace", namespace]);
    const uidOf = (name: string): Promise<string> =>
      kubectl(["-n", namespace, "get", "cm", name, "-o", "jsonpath={.metadata.uid}"]);
    await configMap("owner", namespace);
    for (const [name = "", owner = ""] of [
      ["child", "owner"],
      ["grandchild", "child"],
    ]) {
      const reference = { apiVersion: "v1", kind: "ConfigMap", name: owner, uid: await uidOf(owner) };
      await configMap(name, namespace, { ownerReferences: [{ ...reference, blockOwnerDeletion: true }] });
    }
  }

  beforeAll(async () => {
    database = await migratedPostgres();
    sql = openDatabase(parseDatabaseUrl(database.url));
    local = await startLocal(["--database-url", database.url]);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
    await sql?.end();
    await database?.stop();
  }, 60_000);

  it("takes what the owner owned, after it", async () => {
    await family("background");
    await kubectl(["-n", "background", "delete", "cm", "owner", "--cascade=background"]);
    await expect.poll(() => names("background"), patience).toEqual([]);
  });

  it("takes what the owner owned before it, when asked to wait", async () => {
    await family("foreground");
    await kubectl(["-n", "foreground", "delete", "cm", "owner", "--cascade=foreground", "--wait"]);
    expect(await names("foreground")).toEqual([]);
    const order = await sql<{ name: string }[]>`
      select name from events where kind = 'DELETED' and namespace = 'foreground' order by revision`;
    expect(order.map(({ name }) => name)).toEqual(["grandchild", "child", "owner"]);
  });

  it("orphans what the owner owned", async () => {
    await family("orphan");
    await kubectl(["-n", "orphan", "delete", "cm", "owner", "--cascade=orphan", "--wait"]);
    expect(await names("orphan")).toEqual(["child", "grandchild"]);
    expect(
      await kubectl(["-n", "orphan", "get", "cm", "child", "-o", "jsonpath={.metadata.ownerReferences}"]),
    ).toBe("");
  });

  it("refuses owners and deletions that make no sense, in Kubernetes' words", async () => {
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "" };
    const metadata = { name: "odd", namespace: "default", ownerReferences: [reference] };
    const object = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata });
    expect(await fails(["create", "--validate=false", "-f", "-"], object)).toContain(
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    );
    const options = JSON.stringify({ propagationPolicy: "Foreground", orphanDependents: true });
    expect(
      await fails(["delete", "--raw", "/api/v1/namespaces/default/configmaps/x", "-f", "-"], options),
    ).toContain("orphanDependents and deletionPropagation cannot be both set");
  });

  it("takes a namespace with all that is in it", async () => {
    await kubectl(["create", "namespace", "full"]);
    for (const name of ["a", "b"]) await configMap(name, "full");
    await kubectl(["-n", "full", "create", "secret", "generic", "s", "--from-literal=a=b"]);
    expect(await kubectl(["delete", "namespace", "full", "--wait"])).toContain('namespace "full" deleted');
    expect(await fails(["get", "namespace", "full"])).toContain('namespaces "full" not found');
    expect(await sql`select type, name from objects where namespace = 'full'`).toEqual([]);
  });

  it("says what a namespace waits for, takes nothing new, and lets it go when it may", async () => {
    await kubectl(["create", "namespace", "stuck"]);
    await configMap("held", "stuck", { finalizers: ["example.com/held"] });
    await kubectl(["delete", "namespace", "stuck", "--wait=false"]);
    const waiting = "jsonpath={.status.conditions[?(@.type=='NamespaceFinalizersRemaining')].message}";
    await expect
      .poll(() => kubectl(["get", "namespace", "stuck", "-o", waiting]), patience)
      .toBe(
        "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances",
      );
    expect(await kubectl(["get", "namespace", "stuck"])).toContain("Terminating");
    expect(await fails(["-n", "stuck", "create", "configmap", "late"])).toContain(
      "unable to create new content in namespace stuck because it is being terminated",
    );
    const gone = kubectl(["wait", "--for=delete", "namespace/stuck", "--timeout=25s"]);
    await kubectl([
      "-n",
      "stuck",
      "patch",
      "cm",
      "held",
      "--type=merge",
      "-p",
      '{"metadata":{"finalizers":null}}',
    ]);
    await gone;
  });

  it("keeps a namespace until finalize takes off what holds it", async () => {
    const spec = { finalizers: ["example.com/mine"] };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "own" }, spec };
    await kubectl(["create", "-f", "-"], JSON.stringify(namespace));
    await kubectl(["delete", "namespace", "own", "--wait=false"]);
    const finalizers = (): Promise<string> =>
      kubectl(["get", "namespace", "own", "-o", "jsonpath={.spec.finalizers}"]);
    await expect.poll(finalizers, patience).toBe('["example.com/mine"]');
    const body = JSON.stringify({ ...namespace, spec: {} });
    await kubectl(["replace", "--raw", "/api/v1/namespaces/own/finalize", "-f", "-"], body);
    expect(await fails(["get", "namespace", "own"])).toContain("not found");
  });

  it("keeps the namespaces of Kubernetes, and gives each its defaults again", async () => {
    expect(await kubectl(["get", "namespaces", "-o", "name"])).toMatch(
      /namespace\/default\n(.*\n)*namespace\/kube-node-lease\nnamespace\/kube-public\nnamespace\/kube-system\n/,
    );
    expect(await fails(["delete", "namespace", "kube-system"])).toContain(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
    const ca = (): Promise<string> =>
      kubectl([
        "-n",
        "kube-public",
        "get",
        "cm",
        "kube-root-ca.crt",
        "--ignore-not-found",
        "-o",
        "jsonpath={.data.ca\\.crt}",
      ]);
    await expect.poll(ca, patience).toBe(local.drover.ca);
    await kubectl(["-n", "kube-public", "delete", "cm/kube-root-ca.crt", "sa/default", "--wait=false"]);
    await expect.poll(ca, patience).toBe(local.drover.ca);
    const account = ["-n", "kube-public", "get", "sa", "-o", "name", "--ignore-not-found"];
    await expect.poll(() => kubectl(account), patience).toContain("serviceaccount/default");
  });

  it("lets Events go an hour after they were written", async () => {
    const event = (name: string): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Event",
        metadata: { name, namespace: "default" },
        involvedObject: { namespace: "default" },
      });
    await kubectl(["create", "-f", "-"], event("old"));
    await sql`update events set created_at = created_at - interval '61 minutes'`;
    await kubectl(["create", "-f", "-"], event("young"));
    const socket = join(local.drover.dataDir, "run", "control.sock");
    const answer = await control(socket, "POST", "/cron", { timeoutMs: 60_000 });
    expect(answer.status).toBe(200);
    expect((await kubectl(["-n", "default", "get", "events", "-o", "name"])).trim()).toBe("event/young");
  });
});
