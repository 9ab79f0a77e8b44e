/** RBAC on the management store (issue 4, requirement 6): what stock kubectl does as an administrator and as a user. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBinaries } from "../testbed/build.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import type { KubectlOptions } from "../testbed/kubectl.ts";
import { callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { writeLocalKubeconfig } from "./local.ts";
import { openStream } from "./rest.ts";

const passphrase = "local rbac passphrase";

describe("RBAC on the management store", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let home: string;
  let program: string;
  /** User id of jane, who has no GlobalRole. */
  let jane: string;

  const run = (who: string, args: readonly string[], options: KubectlOptions = {}) =>
    runKubectl(
      { kubectl: program, kubeconfig: join(home, who), home: join(home, `${who}-home`) },
      args,
      options,
    );
  async function kubectl(
    who: string,
    args: readonly string[],
    options: KubectlOptions = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await run(who, args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: code ${code}\n${stderr}`);
    return stdout;
  }
  async function refused(
    who: string,
    args: readonly string[],
    options: KubectlOptions = {},
  ): Promise<string> {
    const { code, stderr, stdout } = await run(who, args, options);
    expect(code, stdout).not.toBe(0);
    return stderr;
  }
  /** `yes` or `no`. */
  async function canI(who: string, ...args: string[]): Promise<string> {
    return (await run(who, ["auth", "can-i", ...args])).stdout.trim();
  }

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-rbac-"));
    [drover, { kubectl: program }] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", passphrase] }),
      ensureBinaries({ onProgress: (line) => console.error(line) }),
    ]);
    admin = await loginAs(drover, "admin", passphrase);
    writeLocalKubeconfig(join(home, "admin"), drover, admin.token);
    const user = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
      username: "jane",
      password: passphrase,
    });
    jane = user.id;
    const bindings = await callJson<{ data: { id: string; userId: string }[] }>(
      admin,
      "GET",
      "/v3/globalrolebindings",
    );
    for (const { id, userId } of bindings.data)
      if (userId === jane) await callJson(admin, "DELETE", `/v3/globalrolebindings/${id}`);
    writeLocalKubeconfig(join(home, "jane"), drover, (await loginAs(drover, "jane", passphrase)).token);
    for (const name of ["apps", "other"]) {
      await kubectl("admin", ["create", "namespace", name]);
      await kubectl("admin", ["-n", name, "create", "configmap", "settings", "--from-literal=a=1"]);
    }
  }, 900_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it("gives everybody discovery and questions about himself, and nothing else", async () => {
    expect(await kubectl("jane", ["version"])).toContain("Server Version");
    expect(
      await kubectl("jane", ["api-resources", "--api-group=rbac.authorization.k8s.io", "-o", "name"]),
    ).toBe(
      ["clusterrolebindings", "clusterroles", "rolebindings", "roles"]
        .map((name) => `${name}.rbac.authorization.k8s.io\n`)
        .join(""),
    );
    expect(await kubectl("jane", ["auth", "whoami"])).toContain(jane);
    expect(await canI("jane", "list", "configmaps", "-n", "apps")).toBe("no");
    expect(await refused("jane", ["-n", "apps", "get", "configmaps"])).toContain(
      `configmaps is forbidden: User "${jane}" cannot list resource "configmaps" in API group "" in the namespace "apps"`,
    );
    expect(await refused("jane", ["get", "--raw", "/metrics"])).toContain(
      `forbidden: User "${jane}" cannot get path "/metrics"`,
    );
    expect(await refused("jane", ["get", "clusterroles"])).toContain("at the cluster scope");
  });

  it("gives a Role in its namespace alone", async () => {
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "role",
      "reader",
      "--verb=get,list,watch",
      "--resource=configmaps",
    ]);
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "rolebinding",
      "jane-reads",
      "--role=reader",
      `--user=${jane}`,
    ]);
    await eventually("jane reads apps", 15_000, async () =>
      (await canI("jane", "list", "configmaps", "-n", "apps")) === "yes" ? true : undefined,
    );
    expect(await kubectl("jane", ["-n", "apps", "get", "configmaps", "-o", "name"])).toContain(
      "configmap/settings",
    );
    expect(await kubectl("jane", ["-n", "apps", "get", "cm", "settings", "-o", "jsonpath={.data.a}"])).toBe(
      "1",
    );
    expect(await refused("jane", ["-n", "other", "get", "cm", "settings"])).toContain(
      'in the namespace "other"',
    );
    expect(await refused("jane", ["get", "cm", "-A"])).toContain("at the cluster scope");
    expect(await refused("jane", ["-n", "apps", "delete", "cm", "settings"])).toContain(
      "cannot delete resource",
    );
    const list = await kubectl("jane", ["auth", "can-i", "--list", "-n", "apps"]);
    expect(list).toMatch(/^configmaps\s+\[\]\s+\[\]\s+\[get list watch\]$/m);
    expect(list).toMatch(/^selfsubjectreviews\.authentication\.k8s\.io\s+\[\]\s+\[\]\s+\[create\]$/m);
    expect(list).toMatch(/\[\/apis\/\*\]\s+\[\]\s+\[get\]/);
    expect(await kubectl("jane", ["auth", "can-i", "--list", "-n", "other"])).not.toMatch(/^configmaps/m);
    expect(await kubectl("admin", ["-n", "apps", "get", "roles"])).toMatch(
      /^NAME\s+CREATED AT\nreader\s+\d{4}-/,
    );
    expect(await kubectl("admin", ["-n", "apps", "get", "rolebindings", "-o", "wide"])).toMatch(
      new RegExp(`^jane-reads\\s+Role/reader\\s+\\d+s\\s+${jane}`, "m"),
    );
    expect(await kubectl("admin", ["-n", "apps", "describe", "rolebinding", "jane-reads"])).toContain(jane);
  });

  it("lets who is bound in a namespace read the Namespace itself, if the role says so", async () => {
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "rolebinding",
      "jane-views",
      "--clusterrole=view",
      `--user=${jane}`,
    ]);
    await eventually("jane sees apps", 15_000, async () =>
      (await run("jane", ["get", "namespace", "apps"])).code === 0 ? true : undefined,
    );
    expect(await refused("jane", ["get", "namespace", "other"])).toContain(
      'cannot get resource "namespaces" in API group "" in the namespace "other"',
    );
    expect(await refused("jane", ["get", "namespaces"])).toContain("at the cluster scope");
    expect(await canI("jane", "get", "secrets", "-n", "apps")).toBe("no");
  });

  it("gives ClusterRoles everywhere, by names and by paths", async () => {
    await kubectl("admin", [
      "create",
      "clusterrole",
      "one-setting",
      "--verb=get",
      "--resource=settings.management.cattle.io",
      "--resource-name=server-url",
    ]);
    await kubectl("admin", ["create", "clusterrole", "paths", "--verb=get", "--non-resource-url=/custom/*"]);
    for (const name of ["one-setting", "paths"])
      await kubectl("admin", [
        "create",
        "clusterrolebinding",
        name,
        `--clusterrole=${name}`,
        `--user=${jane}`,
      ]);
    await eventually("jane may", 15_000, async () =>
      (await canI("jane", "get", "/custom/x")) === "yes" ? true : undefined,
    );
    expect(await canI("jane", "get", "/other")).toBe("no");
    await kubectl("jane", ["get", "settings.management.cattle.io", "server-url"]);
    await refused("jane", ["get", "settings.management.cattle.io", "cacerts"]);
    await refused("jane", ["get", "settings.management.cattle.io"]);
  });

  it("46: refuses what would give more than its writer has, by create, apply, replace and patch", async () => {
    // `*` would hold escalate and bind.
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "role",
      "role-writer",
      "--verb=get,list,create,update,patch,delete",
      "--resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io",
    ]);
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "rolebinding",
      "jane-writes",
      "--role=role-writer",
      `--user=${jane}`,
    ]);
    await eventually("jane writes roles", 15_000, async () =>
      (await canI("jane", "create", "roles.rbac.authorization.k8s.io", "-n", "apps")) === "yes"
        ? true
        : undefined,
    );
    const secrets = ["--verb=get", "--resource=secrets"];
    const message =
      "is attempting to grant RBAC permissions not currently held:\n" +
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}';
    expect(await refused("jane", ["-n", "apps", "create", "role", "more", ...secrets])).toContain(message);
    await kubectl("jane", ["-n", "apps", "create", "role", "less", "--verb=get", "--resource=configmaps"]);
    const patch = '[{"op":"add","path":"/rules/0/resources/-","value":"secrets"}]';
    expect(
      await refused("jane", ["-n", "apps", "patch", "role", "less", "--type=json", "-p", patch]),
    ).toContain(message);
    const more = JSON.stringify({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "less", namespace: "apps" },
      rules: [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }],
    });
    // Without a resourceVersion: Kubernetes' own types may be replaced blind.
    expect(await refused("jane", ["replace", "-f", "-"], { input: more })).toContain(message);
    expect(await refused("jane", ["apply", "-f", "-"], { input: more })).toContain(message);
    expect(await kubectl("admin", ["replace", "-f", "-"], { input: more })).toContain("replaced");
    const bind = ["-n", "apps", "create", "rolebinding"];
    expect(await refused("jane", [...bind, "edits", "--clusterrole=edit", `--user=${jane}`])).toContain(
      "is attempting to grant RBAC permissions not currently held",
    );
    expect(await refused("jane", [...bind, "absent", "--clusterrole=absent", `--user=${jane}`])).toContain(
      'rolebindings.rbac.authorization.k8s.io "absent" not found',
    );
    await kubectl("jane", [...bind, "reads", "--role=reader", "--group=friends"]);
    const roleRef = '{"roleRef":{"name":"role-writer"}}';
    expect(await refused("admin", ["-n", "apps", "patch", "rolebinding", "reads", "-p", roleRef])).toContain(
      "cannot change roleRef",
    );
  });

  it("gathers the rules of aggregated ClusterRoles within seconds, and `auth reconcile` keeps roles", async () => {
    await kubectl("admin", [
      "create",
      "clusterrole",
      "gathered",
      "--aggregation-rule=rbac.example.com/to-gathered=true",
    ]);
    const part = (name: string, resource: string): string =>
      JSON.stringify({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name, labels: { "rbac.example.com/to-gathered": "true" } },
        rules: [{ verbs: ["get"], apiGroups: [""], resources: [resource] }],
      });
    const gathered = (): Promise<string> =>
      kubectl("admin", ["get", "clusterrole", "gathered", "-o", "jsonpath={.rules[*].resources[*]}"]);
    expect(
      await kubectl("admin", ["auth", "reconcile", "-f", "-"], { input: part("part-b", "b") }),
    ).toContain("reconciled");
    await kubectl("admin", ["auth", "reconcile", "-f", "-"], { input: part("part-a", "a") });
    await eventually("both are gathered", 15_000, async () =>
      (await gathered()) === "a b" ? true : undefined,
    );
    await kubectl("admin", ["delete", "clusterrole", "part-a"]);
    await eventually("one is left", 15_000, async () => ((await gathered()) === "b" ? true : undefined));
    // reconcile adds what is missing and keeps what is more.
    await kubectl("admin", ["auth", "reconcile", "-f", "-"], { input: part("part-b", "c") });
    await eventually("c is added", 15_000, async () => ((await gathered()) === "b c" ? true : undefined));
  });

  it("judges --as, --as-group and --as-uid by the verb impersonate", async () => {
    await kubectl("admin", ["-n", "apps", "create", "serviceaccount", "robot"]);
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "rolebinding",
      "robot-reads",
      "--role=reader",
      "--serviceaccount=apps:robot",
    ]);
    await kubectl("admin", [
      "-n",
      "apps",
      "create",
      "rolebinding",
      "devs-read",
      "--role=reader",
      "--group=devs",
    ]);
    const get = ["-n", "apps", "get", "configmap", "settings", "-o", "name"];
    const robot = "--as=system:serviceaccount:apps:robot";
    expect(await kubectl("admin", [...get, robot])).toBe("configmap/settings\n");
    expect(await kubectl("admin", [...get, `--as=${jane}`])).toBe("configmap/settings\n");
    expect(await kubectl("admin", [...get, "--as=bob", "--as-group=devs"])).toBe("configmap/settings\n");
    expect(await refused("admin", [...get, "--as=bob"])).toContain(
      'User "bob" cannot get resource "configmaps"',
    );
    expect(await refused("admin", ["-n", "other", "get", "configmap", robot])).toContain(
      'User "system:serviceaccount:apps:robot" cannot list resource "configmaps"',
    );
    expect(await kubectl("admin", ["auth", "whoami", robot, "--as-uid=u1"])).toMatch(
      /system:serviceaccount:apps:robot[\s\S]*\[system:serviceaccounts system:serviceaccounts:apps system:authenticated\]/,
    );
    expect(await refused("admin", [...get, "--as=bob", "--as-group=system:masters"])).toContain(
      'groups "system:masters" is forbidden',
    );
    expect(await refused("jane", [...get, "--as=bob"])).toContain(
      `users "bob" is forbidden: User "${jane}" cannot impersonate resource "users" in API group "" at the cluster scope`,
    );
    expect(await canI("admin", "get", "configmaps", "-n", "apps", "--as=bob", "--as-group=devs")).toBe("yes");
  });

  it("answers SubjectAccessReviews for users, groups and service accounts, to who may ask", async () => {
    const ask = (spec: object): string =>
      JSON.stringify({ apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec });
    const resourceAttributes = { namespace: "apps", verb: "get", resource: "configmaps" };
    const allowed = (spec: object): Promise<string> =>
      kubectl("admin", ["create", "-f", "-", "-o", "jsonpath={.status.allowed}"], {
        input: ask({ resourceAttributes, ...spec }),
      });
    expect(await allowed({ user: jane })).toBe("true");
    const reason = (spec: object): Promise<string> =>
      kubectl("admin", ["create", "-f", "-", "-o", "jsonpath={.status.reason}"], {
        input: ask({ resourceAttributes, ...spec }),
      });
    expect(await reason({ user: "nobody", groups: ["devs"] })).toMatch(
      /^RBAC: allowed by RoleBinding "[^"]+\/apps" of (?:Cluster)?Role "[^"]+" to Group "devs"$/,
    );
    expect(await reason({ user: "nobody" })).toBe("");
    expect(await allowed({ user: "nobody" })).toBe("false");
    expect(await allowed({ user: "nobody", groups: ["devs"] })).toBe("true");
    expect(await allowed({ user: "system:serviceaccount:apps:robot" })).toBe("true");
    expect(
      await allowed({ user: jane, resourceAttributes: { ...resourceAttributes, namespace: "other" } }),
    ).toBe("false");
    expect(
      // kubectl would list CustomResourceDefinitions to validate what cannot be patched, here as in a cluster.
      await refused("jane", ["create", "--validate=false", "-f", "-"], {
        input: ask({ resourceAttributes, user: jane }),
      }),
    ).toContain("subjectaccessreviews.authorization.k8s.io is forbidden");
  });

  it("38: a watch ends within seconds when its right, its token or its user goes, and not before", async () => {
    const reader = ["create", "rolebinding", "watcher", "--role=reader"];
    await kubectl("admin", [
      "-n",
      "other",
      "create",
      "role",
      "reader",
      "--verb=list,watch",
      "--resource=configmaps",
    ]);
    const ann = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
      username: "ann",
      password: passphrase,
    });
    await kubectl("admin", ["-n", "other", ...reader, `--user=${ann.id}`]);
    const path = "/k8s/clusters/local/api/v1/namespaces/other/configmaps?watch=true";
    const open = async (): Promise<{ token: string; ended: () => boolean }> => {
      const { token } = await loginAs(drover, "ann", passphrase);
      const { incoming } = await openStream(drover, path, { authorization: `Bearer ${token}` });
      // An orderly end: the last chunk came.
      incoming.resume();
      return { token, ended: () => incoming.complete };
    };
    const ends = (what: string, watch: { ended: () => boolean }): Promise<true> =>
      eventually(what, 10_000, () => (watch.ended() ? true : undefined));

    const [byToken, byRight] = [await open(), await open()];
    // As a controller's manager does all the time: rights that are not touched.
    await kubectl("admin", [
      "-n",
      "other",
      "create",
      "role",
      "unrelated",
      "--verb=get",
      "--resource=secrets",
    ]);
    await callJson({ ...admin, token: byToken.token }, "POST", "/v3/tokens?action=logout");
    await ends("the watch of a session that was logged out", byToken);
    expect(byRight.ended()).toBe(false);
    await kubectl("admin", ["-n", "other", "delete", "rolebinding", "watcher"]);
    await ends("the watch of one whose binding was deleted", byRight);
    await kubectl("admin", ["-n", "other", ...reader, `--user=${ann.id}`]);
    const byUser = await open();
    await callJson(admin, "PUT", `/v3/users/${ann.id}`, { enabled: false });
    await ends("the watch of one who was disabled", byUser);
  });

  it("2: a right ends with its binding", async () => {
    await kubectl("admin", ["-n", "apps", "delete", "rolebinding", "jane-reads", "jane-views"]);
    await eventually("jane no longer reads", 10_000, async () =>
      (await canI("jane", "list", "configmaps", "-n", "apps")) === "no" ? true : undefined,
    );
  });

  it("nobody makes a token for a user whom a binding gives more than he has himself", async () => {
    // Who may write tokens could otherwise be anybody (tokens.ts).
    await kubectl("admin", [
      "create",
      "clusterrole",
      "token-writer",
      "--verb=create,get",
      "--resource=tokens.management.cattle.io",
    ]);
    await kubectl("admin", [
      "create",
      "clusterrolebinding",
      "jane-tokens",
      "--clusterrole=token-writer",
      `--user=${jane}`,
    ]);
    const joe = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
      username: "joe",
      password: passphrase,
    });
    await kubectl("admin", [
      "-n",
      "other",
      "create",
      "rolebinding",
      "joe-edits",
      "--clusterrole=edit",
      `--user=${joe.id}`,
    ]);
    await eventually("jane writes tokens", 15_000, async () =>
      (await canI("jane", "create", "tokens.management.cattle.io")) === "yes" ? true : undefined,
    );
    const token = JSON.stringify({
      apiVersion: "management.cattle.io/v3",
      kind: "Token",
      metadata: { name: "token-forged" },
      userId: joe.id,
    });
    expect(await refused("jane", ["create", "-f", "-"], { input: token })).toContain(
      "the user has rights that you do not have",
    );
  });
});
