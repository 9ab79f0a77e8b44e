/** Tokens and Kubeconfigs of ext.cattle.io/v1 (auth.md 3.7, 3.8), by stock kubectl and plain requests. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { eventually, loginAs } from "./drover.ts";
import {
  extensionApi as api,
  extensionClient,
  extensionObject as object,
  userPassword as password,
} from "./ext.ts";
import type { ExtensionUser } from "./ext.ts";
import { kubectlOf, startLocal } from "./local.ts";
import type { Local } from "./local.ts";
import type { Json, Reply } from "./rest.ts";

describe("ext.cattle.io", () => {
  let local: Local;
  let ann: ExtensionUser;
  const { run, kubectl } = kubectlOf(() => local);
  const { rest, as, newUser } = extensionClient(() => local);

  beforeAll(async () => {
    local = await startLocal();
    ann = await newUser("ann");
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  describe("Token", () => {
    const path = `${api}/tokens`;
    const make = async (token: string, spec: Json, query = ""): Promise<Reply> =>
      rest(`POST ${path}${query}`, { token, body: object("Token", spec) });
    /** Of a new token: its name, and what opens with it. */
    const mint = async (token: string, spec: Json = {}): Promise<{ name: string; bearer: string }> => {
      const made = await make(token, spec);
      expect(made.status, made.text).toBe(201);
      const { name } = made.json["metadata"] as { name: string };
      const { bearerToken: bearer } = made.json["status"] as { bearerToken: string };
      return { name, bearer };
    };
    const whoami = async (token: string, prefix = ""): Promise<number> =>
      (
        await rest(`POST ${prefix}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
          token,
          body: { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" },
        })
      ).status;

    it("auth 13: is made by its user, shows its secret once, and opens what he may", async () => {
      const { code, stdout, stderr } = await as(
        ann.token,
        ["create", "-f", "-", "-o", "json"],
        object("Token", { description: "of a script", ttl: 60_000 }, { generateName: "mine-" }),
      );
      expect([code, stderr]).toEqual([0, ""]);
      const made = JSON.parse(stdout) as { metadata: Json; spec: Json; status: Json };
      const name = String(made.metadata["name"]);
      const value = String(made.status["value"]);
      const bearer = String(made.status["bearerToken"]);
      expect(name).toMatch(/^token-[a-z0-9]{5}$/);
      expect(bearer).toMatch(/^ext\/[a-z0-9.-]+:[bcdfghjklmnpqrstvwxz2456789]{54}$/);
      expect(bearer).toBe(`ext/${name}:${value}`);
      expect(made.metadata["labels"]).toEqual({
        "cattle.io/user-id": ann.id,
        "authn.management.cattle.io/kind": "",
      });
      expect(made.spec).toMatchObject({
        userID: ann.id,
        userPrincipal: { name: `local://${ann.id}`, loginName: "ann", provider: "local" },
        ttl: 60_000,
        enabled: true,
      });
      const who = await as(bearer, ["auth", "whoami", "-o", "json"]);
      expect(JSON.parse(who.stdout)).toMatchObject({
        status: { userInfo: { username: ann.id, extra: { requesttokenid: [`ext/${name}`] } } },
      });
      expect((await rest("GET /v3/users?me=true", { token: bearer })).status).toBe(200);
      const basic = { authorization: `Basic ${Buffer.from(bearer).toString("base64")}` };
      expect((await rest("GET /v3/users?me=true", { headers: basic })).status).toBe(200);
      for (const wrong of [bearer.slice(4), `ext/${name}:${"b".repeat(54)}`, `ext/token-nosuc:${value}`])
        expect(await whoami(wrong)).toBe(401);

      const got = await rest(`GET ${path}/${name}`, { token: bearer });
      expect(got.json).toMatchObject({ kind: "Token", status: { current: true, expired: false } });
      expect((await rest(`GET ${path}/${name}`, { token: ann.token })).json).toMatchObject({
        status: { current: false },
      });
      const row = await kubectl(["-n", "cattle-tokens", "get", "secret", name, "-o", "json"]);
      const all = await kubectl(["get", "tokens.ext.cattle.io", "-o", "yaml"]);
      for (const text of [got.text, row, all]) expect(text).not.toContain(value);
      for (const text of [got.text, all]) expect(text).not.toMatch(/hash|\$3:/);
      const { data } = JSON.parse(row) as { data: Record<string, string> };
      expect(Buffer.from(data["hash"] ?? "", "base64").toString()).toMatch(/^\$3:1:/);
      expect((await rest(`GET /v3/tokens/${name}`, { token: ann.token })).status).toBe(404);
      const table = await as(ann.token, ["get", "tokens.ext.cattle.io", name, "-o", "wide"]);
      expect(table.stdout).toMatch(/^NAME +USER +KIND +TTL +AGE +DESCRIPTION\n/);
      expect(table.stdout).toMatch(/ 60s +\d+s +of a script/);
      expect(await kubectl(["explain", "tokens.spec", "--api-version=ext.cattle.io/v1"])).toContain(
        "clusterName",
      );
    });

    it("auth 18: is nobody else's, whatever is asked", async () => {
      const eve = await newUser("eve");
      const { name, bearer } = await mint(ann.token);
      for (const verb of ["GET", "DELETE"])
        expect((await rest(`${verb} ${path}/${name}`, { token: eve.token })).status).toBe(404);
      const headers = { "content-type": "application/merge-patch+json" };
      const patched = await rest(`PATCH ${path}/${name}`, {
        token: eve.token,
        headers,
        body: { spec: { enabled: false } },
      });
      expect(patched).toMatchObject({
        status: 404,
        json: { details: { group: "ext.cattle.io", kind: "tokens" } },
      });
      const { json: current } = await rest(`GET ${path}/${name}`, { token: ann.token });
      expect((await rest(`PUT ${path}/${name}`, { token: eve.token, body: current })).status).toBe(404);
      expect((await rest(`DELETE ${path}`, { token: eve.token })).status).toBe(403);
      for (const query of [
        "",
        `?labelSelector=cattle.io/user-id%3D${ann.id}`,
        `?fieldSelector=metadata.name%3D${name}`,
      ])
        expect((await rest(`GET ${path}${query}`, { token: eve.token })).json["items"]).toEqual([]);
      const watched = await rest(`GET ${path}?watch=1&timeoutSeconds=1`, { token: eve.token });
      expect(watched.text).not.toContain(name);
      const seen = await rest(`GET ${path}?watch=1&timeoutSeconds=1`, { token: ann.token });
      expect(seen.text).toContain(name);
      const names = await as(ann.token, ["get", "tokens.ext.cattle.io", "-o", "name"]);
      expect(names.stdout).toContain(`token.ext.cattle.io/${name}`);
      // Secrets of that namespace are no way around.
      expect((await as(eve.token, ["-n", "cattle-tokens", "get", "secrets"])).code).toBe(1);
      expect(await whoami(bearer)).toBe(201);
    });

    it("auth 19: cannot be another's, live longer, or change what it is for", async () => {
      for (const [spec, status] of [
        [{ userID: "u-other" }, 400],
        [{ clusterName: "c-nosuch" }, 403],
        [{ kind: "session" }, 422],
        [{ kind: "a b" }, 422],
        [{ ttl: "x" }, 400],
      ] as const)
        expect((await make(ann.token, spec)).status, JSON.stringify(spec)).toBe(status);
      expect((await make(local.admin.token, { clusterName: "c-nosuch" })).status).toBe(400);
      const forged = await make(ann.token, { userPrincipal: { name: "local://admin", provider: "github" } });
      expect(forged.json["spec"]).toMatchObject({
        userPrincipal: { name: `local://${ann.id}`, provider: "local" },
      });
      expect((await make(ann.token, {}, "?dryRun=All")).json["status"]).not.toHaveProperty("value");

      const { name } = await mint(ann.token, { ttl: 3_600_000 });
      const patch = (spec: Json): Promise<Reply> =>
        rest(`PATCH ${path}/${name}`, {
          token: ann.token,
          headers: { "content-type": "application/merge-patch+json" },
          body: { spec },
        });
      for (const spec of [
        { ttl: 7_200_000 },
        { ttl: -1 },
        { clusterName: "local" },
        { kind: "x" },
        { userID: "admin" },
        { userPrincipal: { provider: "x" } },
      ])
        expect((await patch(spec)).status, JSON.stringify(spec)).toBe(422);
      expect((await patch({ ttl: 60_000, description: "short" })).json).toMatchObject({
        spec: { ttl: 60_000, description: "short" },
      });
      const applied = await as(
        ann.token,
        ["apply", "--server-side", "--force-conflicts", "-f", "-"],
        object("Token", { description: "applied" }, { name, labels: { team: "a" } }),
      );
      expect([applied.stderr, applied.code]).toEqual(["", 0]);
      const got = await rest(`GET ${path}/${name}`, { token: ann.token });
      expect(got.json).toMatchObject({
        metadata: { labels: { team: "a", "cattle.io/user-id": ann.id } },
        spec: { description: "applied", ttl: 60_000 },
      });
      const absent = await as(
        ann.token,
        ["apply", "--server-side", "-f", "-"],
        object("Token", {}, { name: "token-absen" }),
      );
      expect(absent.stderr).toContain('tokens.ext.cattle.io "token-absen" not found');
    });

    it("auth 16: ends by its time, by being disabled or deleted, and with its user", async () => {
      const [expires, disabled, deleted] = [
        await mint(ann.token, { ttl: 1_500 }),
        await mint(ann.token),
        await mint(ann.token, { kind: "kubeconfig" }),
      ];
      expect(await whoami(expires.bearer)).toBe(201);
      for (const { bearer } of [disabled, deleted]) expect(await whoami(bearer)).toBe(201);
      expect((await make(deleted.bearer, {})).status).toBe(403);
      const off = await as(ann.token, [
        "patch",
        "tokens.ext.cattle.io",
        disabled.name,
        "--type=merge",
        "-p",
        '{"spec":{"enabled":false}}',
      ]);
      expect(off.stderr).toBe("");
      expect((await as(ann.token, ["delete", "tokens.ext.cattle.io", deleted.name])).stderr).toBe("");
      const ends = (bearer: string): Promise<true> =>
        eventually("the token ends", 12_000, async () => ((await whoami(bearer)) === 401 ? true : undefined));
      for (const { bearer } of [expires, disabled, deleted]) expect(await ends(bearer)).toBe(true);
      // What has expired is removed, too.
      await eventually("the expired token goes", 30_000, async () =>
        (await rest(`GET ${path}/${expires.name}`, { token: ann.token })).status === 404 ? true : undefined,
      );

      const fay = await newUser("fay");
      const hers = await mint(fay.token);
      const out = await rest("POST /v3/tokens?action=logout", { token: hers.bearer });
      expect(out.status, out.text).toBe(200);
      expect(await whoami(hers.bearer)).toBe(401);
      const last = await mint(fay.token);
      const gone = await rest(`DELETE /v3/users/${fay.id}`, { token: local.admin.token });
      expect(gone.status, gone.text).toBe(204);
      expect(await ends(last.bearer)).toBe(true);
      await eventually("her tokens go", 10_000, async () => {
        const rows = await kubectl(["-n", "cattle-tokens", "get", "secrets", "-o", "name"]);
        return rows.includes(last.name) ? undefined : true;
      });
    });

    it("auth 17: of one cluster opens nothing else, and no ext API", async () => {
      const { bearer } = await mint(local.admin.token, { clusterName: "local" });
      expect(await whoami(bearer, "/k8s/clusters/local")).toBe(201);
      expect(await whoami(bearer)).toBe(401);
      for (const line of ["GET /v3/users", `GET ${path}`, "GET /k8s/clusters/c-other/api"])
        expect((await rest(line, { token: bearer })).status, line).toBe(401);
      expect((await rest(`GET /k8s/clusters/local${path}`, { token: bearer })).status).toBe(403);
    });

    it("comes from a Secret in Rancher's form, by who may do all that its user may", async () => {
      const { name, bearer } = await mint(local.admin.token);
      const text = await kubectl(["-n", "cattle-tokens", "get", "secret", name, "-o", "json"]);
      const { metadata, ...secret } = JSON.parse(text) as { metadata: { labels: Json } };
      const moved = { ...secret, metadata: { name: "token-moved", labels: metadata.labels } };
      await kubectl(["-n", "cattle-tokens", "create", "-f", "-"], { input: JSON.stringify(moved) });
      const elsewhere = bearer.replace(name, "token-moved");
      expect(await whoami(elsewhere)).toBe(201);
      const watcher = rest(`GET ${path}?watch=1&timeoutSeconds=3`, { token: local.admin.token });
      await kubectl(["-n", "cattle-tokens", "delete", "secret", "token-moved"]);
      expect((await watcher).text).not.toMatch(/Secret|\$3:/);
      expect((await watcher).text).toMatch(/"DELETED".*token-moved/);
      const writer = await newUser("gus");
      const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["*"] }];
      const role = await rest("POST /v3/globalroles", {
        token: local.admin.token,
        body: { name: "secrets", rules },
      });
      await rest("POST /v3/globalrolebindings", {
        token: local.admin.token,
        body: { userId: writer.id, globalRoleId: role.json["id"] },
      });
      const { token } = await loginAs(local.drover, "gus", password);
      const stolen = await as(token, ["-n", "cattle-tokens", "create", "-f", "-"], {
        ...moved,
        metadata: { ...moved.metadata, name: "token-stoln" },
      });
      expect([stolen.code, stolen.stderr.includes("rights that you do not have")], stolen.stderr).toEqual([
        1,
        true,
      ]);
    });
  });

  describe("Kubeconfig", () => {
    const path = `${api}/kubeconfigs`;
    const make = async (token: string, spec: Json, query = ""): Promise<Reply> =>
      rest(`POST ${path}${query}`, { token, body: object("Kubeconfig", spec) });
    const names = async (of: string): Promise<string[]> =>
      (await kubectl(["-n", "cattle-tokens", "get", of, "-o", "name"]))
        .split("\n")
        .filter((name) => name !== "");
    const whoami = async (token: string): Promise<number> =>
      (await rest(`POST ${api}/selfusers`, { token, body: {} })).status;
    interface Config {
      readonly clusters: { name: string; cluster: { server: string } }[];
      readonly contexts: { name: string; context: { cluster: string; user: string } }[];
      readonly users: { name: string; user: { token?: string } }[];
      readonly "current-context": string;
    }
    const cluster = async (id: string, displayName: string): Promise<void> => {
      const made = {
        apiVersion: "management.cattle.io/v3",
        kind: "Cluster",
        metadata: { name: id },
        spec: { displayName },
      };
      await kubectl(["create", "-f", "-"], { input: JSON.stringify(made) });
    };

    it("auth 20: is a file for the clusters asked for, with tokens that go with it", async () => {
      const [one, odd, third] = ["c-first", "c-secnd", "c-third"];
      await cluster(one, "one");
      await cluster(odd, "second");
      await cluster(third, "rancher");
      const direct = { localClusterAuthEndpoint: { enabled: true, fqdn: "k.example.com" } };
      await kubectl([
        "patch",
        "clusters.management.cattle.io",
        one,
        "--type=merge",
        "-p",
        JSON.stringify({ spec: direct }),
      ]);
      const { code, stdout, stderr } = await as(
        local.admin.token,
        ["create", "-f", "-", "-o", "json"],
        object("Kubeconfig", { clusters: [odd, one, third, "local"], currentContext: "local", ttl: 3_600 }),
      );
      expect([stderr, code]).toEqual(["", 0]);
      const made = JSON.parse(stdout) as {
        metadata: { name: string; labels: Json };
        spec: Json;
        status: { value: string; tokens: string[]; summary: string };
      };
      const { name } = made.metadata;
      expect(name).toMatch(/^kubeconfig-[a-z0-9]{5}$/);
      expect(made.spec).toMatchObject({ ttl: 3_600, currentContext: "local" });
      expect(made.status).toMatchObject({
        summary: "Complete",
        tokens: [expect.any(String), expect.any(String)],
      });
      const config = parse(made.status.value) as Config;
      expect(config.clusters.map(({ name }) => name)).toEqual([
        "rancher",
        "second",
        "one",
        "one-fqdn",
        `rancher-${third}`,
        "local",
      ]);
      expect(config.users.map(({ name }) => name)).toEqual(["rancher", "one"]);
      expect(config["current-context"]).toBe("local");
      const tokens = config.users.map(({ user }) => user.token ?? "");
      expect(tokens.map((token) => token.split(":")[0])).toEqual(made.status.tokens.map((id) => `ext/${id}`));

      const file = join(local.home, "made");
      writeFileSync(file, made.status.value, { mode: 0o600 });
      const listed = await run(["get", "kubeconfigs", name, "-o", "wide"], { env: { KUBECONFIG: file } });
      expect(listed.stdout).toMatch(/^NAME +TTL +TOKENS +STATUS +AGE +USER +CLUSTERS +DESCRIPTION\n/);
      // The other token is of one cluster.
      expect(await whoami(tokens[0] ?? "")).toBe(201);
      expect(await whoami(tokens[1] ?? "")).toBe(401);
      // Neither makes further ones.
      expect((await make(tokens[0] ?? "", { clusters: ["local"] })).status).toBe(403);

      const got = await rest(`GET ${path}/${name}`, { token: local.admin.token });
      expect(got.json["status"]).not.toHaveProperty("value");
      const row = await kubectl(["-n", "cattle-tokens", "get", "configmap", name, "-o", "yaml"]);
      for (const text of [got.text, row]) expect(text).not.toMatch(/ext\/token-\w+:/);

      const described = await rest(`PATCH ${path}/${name}`, {
        token: local.admin.token,
        headers: { "content-type": "application/merge-patch+json" },
        body: { spec: { description: "of a laptop" } },
      });
      expect(described.json).toMatchObject({ spec: { description: "of a laptop" } });
      const longer = await rest(`PATCH ${path}/${name}`, {
        token: local.admin.token,
        headers: { "content-type": "application/merge-patch+json" },
        body: { spec: { ttl: 7_200 } },
      });
      expect(longer.status).toBe(422);

      expect(await kubectl(["delete", "kubeconfigs", name])).toContain("deleted");
      const left = await names("secrets,configmaps");
      for (const id of [name, ...made.status.tokens]) expect(left.join()).not.toContain(id);
      await eventually("its token ends", 12_000, async () =>
        (await whoami(tokens[0] ?? "")) === 401 ? true : undefined,
      );
    });

    it("auth 20: refuses what cannot be meant, and makes nothing then", async () => {
      const before = await names("secrets,configmaps");
      for (const [spec, status] of [
        [{ clusters: ["local", "local"] }, 400],
        [{ clusters: ["local"], currentContext: "other" }, 400],
        [{ clusters: ["local"], ttl: -1 }, 400],
        [{ clusters: ["local"], ttl: 10 ** 12 }, 400],
        [{ clusters: ["c-nosuch"] }, 400],
        [{ includeDefaultEntry: false }, 400],
        [{ clusters: "local" }, 400],
      ] as const)
        expect((await make(local.admin.token, spec)).status, JSON.stringify(spec)).toBe(status);
      expect((await make(ann.token, { clusters: ["c-nosuch"] })).status).toBe(403);
      const dry = await make(local.admin.token, { clusters: ["local"] }, "?dryRun=All");
      expect([dry.status, dry.json["status"]]).toEqual([201, { summary: "Complete" }]);
      expect(await names("secrets,configmaps")).toEqual(before);
    });

    it("auth 18: is its owner's alone; all of his go at once, with their tokens", async () => {
      const hal = await newUser("hal");
      const made = await make(hal.token, { clusters: ["*"] });
      expect(made.status, made.text).toBe(201);
      const { name } = made.json["metadata"] as { name: string };
      const config = parse((made.json["status"] as { value: string }).value) as Config;
      // He may see no cluster.
      expect(config.clusters.map(({ name }) => name)).toEqual(["rancher"]);
      const bearer = config.users[0]?.user.token ?? "";
      expect(await whoami(bearer)).toBe(201);
      for (const verb of ["GET", "DELETE"])
        expect((await rest(`${verb} ${path}/${name}`, { token: ann.token })).status).toBe(404);
      expect((await rest(`GET ${path}`, { token: ann.token })).json["items"]).toEqual([]);
      expect((await rest(`DELETE ${path}`, { token: ann.token })).status).toBe(200);
      const seen = await rest(`GET ${path}?watch=1&timeoutSeconds=1`, { token: hal.token });
      expect(seen.text).toContain(name);
      expect((await rest(`GET ${path}?watch=1&timeoutSeconds=1`, { token: ann.token })).text).toBe("");
      expect(await whoami(bearer)).toBe(201);
      expect((await rest(`DELETE ${path}`, { token: hal.token })).status).toBe(200);
      await eventually("its token ends", 12_000, async () =>
        (await whoami(bearer)) === 401 ? true : undefined,
      );
      expect((await rest(`GET ${path}`, { token: hal.token })).json["items"]).toEqual([]);
    });
  });
});
