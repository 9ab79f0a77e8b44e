/** ext.cattle.io/v1 (auth.md 2.6, 3.8): one's own identity, password and activity, by stock kubectl and plain requests. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, loginAs } from "./drover.ts";
import {
  extensionApi as api,
  extensionClient,
  extensionObject as object,
  userPassword as password,
} from "./ext.ts";
import type { ExtensionUser } from "./ext.ts";
import { kubectlOf, localPassword, startLocal } from "./local.ts";
import type { Local } from "./local.ts";
import type { Json, Reply } from "./rest.ts";

/** kubectl looks for the rules of what is only created among CustomResourceDefinitions, which not everybody may read. */
const create = ["create", "--validate=ignore", "-f", "-"];

describe("ext.cattle.io", () => {
  let local: Local;
  let ann: ExtensionUser;
  const { kubectl } = kubectlOf(() => local);
  const { rest, as, newUser } = extensionClient(() => local);

  const logsIn = async (username: string, secret: string): Promise<boolean> =>
    (
      await rest("POST /v1-public/login", {
        body: { type: "localProvider", username, password: secret, responseType: "json" },
      })
    ).status === 201;

  beforeAll(async () => {
    local = await startLocal();
    ann = await newUser("ann");
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("is discovered and explained, and has no CustomResourceDefinition", async () => {
    const names = await kubectl(["api-resources", "--api-group=ext.cattle.io", "--no-headers", "-o", "wide"]);
    expect(names).toMatch(
      /^passwordchangerequests +ext\.cattle\.io\/v1 +false +PasswordChangeRequest +create/m,
    );
    expect(names).toMatch(
      /^tokens +ext\.cattle\.io\/v1 +false +Token +create,delete,deletecollection,get,list,patch,update,watch/m,
    );
    expect(names).toMatch(/^kubeconfigs +ext\.cattle\.io\/v1 +false +Kubeconfig +create,delete/m);
    expect(names).toMatch(/^selfusers +ext\.cattle\.io\/v1 +false +SelfUser +create/m);
    expect(names).toMatch(/^useractivities +ext\.cattle\.io\/v1 +false +UserActivity +get,patch,update +$/m);
    expect(names).toMatch(/^groupmembershiprefreshrequests .* GroupMembershipRefreshRequest +create/m);
    const legacy = await rest(`GET ${api}`, { token: ann.token });
    expect(legacy.json).toMatchObject({ kind: "APIResourceList", groupVersion: "ext.cattle.io/v1" });
    const alone = await rest("GET /ext/apis/ext.cattle.io/v1", { token: ann.token });
    expect(alone.json).toEqual(legacy.json);
    for (const elsewhere of ["/ext/api/v1/namespaces", "/ext/apis/apps/v1", "/ext/apis", "/ext"])
      expect((await rest(`GET ${elsewhere}`, { token: local.admin.token })).status, elsewhere).toBe(404);
    expect(await kubectl(["explain", "passwordchangerequest.spec"])).toContain("newPassword");
    expect(await kubectl(["get", "crd", "-o", "name"])).not.toContain("ext.cattle.io");
    expect(await kubectl(["get", "apiservice", "v1.ext.cattle.io", "-o", "name"])).toContain("v1.ext");
  });

  describe("SelfUser", () => {
    it("tells everybody who he is", async () => {
      const { spec, ...plain } = object("SelfUser", {});
      const told = await as(ann.token, [...create, "-o", "jsonpath={.status.userID}"], plain);
      expect(told).toMatchObject({ stderr: "", stdout: ann.id });
      const strict = await rest(`POST ${api}/selfusers?fieldValidation=Strict`, {
        token: ann.token,
        body: { ...plain, spec },
      });
      expect(strict.status).toBe(400);
      expect(strict.json["message"]).toContain('unknown field "spec"');
      const posted = await rest(`POST ${api}/selfusers`, { token: ann.token, body: {} });
      expect(posted).toMatchObject({ status: 201, json: { kind: "SelfUser", status: { userID: ann.id } } });
      expect((await rest(`GET ${api}/selfusers`, { token: ann.token })).status).toBe(405);
      expect((await rest(`POST ${api}/selfusers`, { body: {} })).status).toBe(401);
    });
  });

  describe("PasswordChangeRequest", () => {
    const change = (token: string, spec: Json, query = ""): Promise<Reply> =>
      rest(`POST ${api}/passwordchangerequests${query}`, {
        token,
        body: object("PasswordChangeRequest", spec),
      });

    it("changes one's own password, and ends one's other sessions", async () => {
      const bea = await newUser("bea");
      const other = await loginAs(local.drover, "bea", password);
      const spec = { userID: bea.id, currentPassword: password, newPassword: "another passphrase" };
      const dry = await change(bea.token, spec, "?dryRun=All");
      expect(dry.status, dry.text).toBe(201);
      expect(await logsIn("bea", password)).toBe(true);

      const { stdout, stderr } = await as(
        bea.token,
        [...create, "-o", "json"],
        object("PasswordChangeRequest", spec),
      );
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({
        spec: { userID: bea.id },
        status: { conditions: [{ type: "PasswordUpdated", status: "True" }], summary: "Completed" },
      });
      expect(stdout).not.toContain("passphrase");
      expect(await logsIn("bea", "another passphrase")).toBe(true);
      expect((await rest(`POST ${api}/selfusers`, { token: other.token, body: {} })).status).toBe(401);
      expect((await rest(`POST ${api}/selfusers`, { token: bea.token, body: {} })).status).toBe(201);
    });

    it("refuses what the policy refuses, a wrong current password, and another's", async () => {
      const own = { userID: ann.id, currentPassword: password, newPassword: "a fine new passphrase" };
      for (const [spec, status] of [
        [{ ...own, userID: "" }, 400],
        [{ ...own, newPassword: "short" }, 400],
        [{ ...own, newPassword: password }, 400],
        [{ ...own, newPassword: 7 }, 400],
        [{ ...own, currentPassword: "not that one at all" }, 422],
        [{ ...own, userID: "u-nosuch" }, 401],
        [{ ...own, userID: "admin" }, 401],
      ] as const) {
        const refused = await change(ann.token, spec);
        expect([refused.status, refused.json["kind"]], JSON.stringify(spec)).toEqual([status, "Status"]);
        expect(refused.text).not.toContain("passphrase");
      }
      expect(await logsIn("ann", password)).toBe(true);
    });

    it("sets another's by the right to do so, who must then change it, and may", async () => {
      const cid = await newUser("cid");
      const set = await change(local.admin.token, { userID: cid.id, newPassword: "set by somebody" });
      expect(set.status, set.text).toBe(201);
      const { token } = await loginAs(local.drover, "cid", "set by somebody");
      expect((await rest("GET /api/v1/namespaces", { token })).status).toBe(403);
      expect((await rest(`POST ${api}/selfusers`, { token, body: {} })).json).toMatchObject({
        status: { userID: cid.id },
      });
      const changed = await change(token, {
        userID: cid.id,
        currentPassword: "set by somebody",
        newPassword: "chosen by himself",
      });
      expect(changed.status, changed.text).toBe(201);
      expect((await rest("GET /api", { token })).status).toBe(200);
      const gone = await change(local.admin.token, { userID: "u-nosuch", newPassword: "set by somebody" });
      expect(gone).toMatchObject({ status: 400, json: { message: "user u-nosuch not found" } });
      expect(await logsIn("admin", localPassword)).toBe(true);
    });

    it("auth 46: does not let who manages users set the password of who may do more", async () => {
      const rules = [
        { apiGroups: ["management.cattle.io"], resources: ["users"], verbs: ["get", "update"] },
        { apiGroups: [""], resources: ["secrets"], verbs: ["update"] },
        { apiGroups: ["ext.cattle.io"], resources: ["*"], verbs: ["*"] },
      ];
      const ask = { token: local.admin.token };
      const role = await rest("POST /v3/globalroles", { ...ask, body: { name: "helpdesk", rules } });
      const dan = await newUser("dan");
      const bound = await rest("POST /v3/globalrolebindings", {
        ...ask,
        body: { userId: dan.id, globalRoleId: role.json["id"] },
      });
      expect(bound.status, bound.text).toBe(201);
      const admins = await rest("GET /v3/users?username=admin", ask);
      const [admin] = (admins.json["data"] ?? []) as Json[];
      const { token } = await loginAs(local.drover, "dan", password);
      const refused = await change(token, { userID: String(admin?.["id"]), newPassword: "taken over now" });
      expect(refused.status, refused.text).toBe(403);
    });
  });

  describe("UserActivity", () => {
    const path = `${api}/useractivities`;
    const idle = "/v3/settings/auth-user-session-idle-ttl-minutes";
    const ago = (seconds: number): string =>
      new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z/, "Z");
    const put = (token: string, name: string, spec: Json, query = ""): Promise<Reply> =>
      rest(`PUT ${path}/${name}${query}`, { token, body: object("UserActivity", spec, { name }) });
    const nameOf = (token: string): string => token.split(":")[0] ?? "";

    it("notes when the user of a session was seen, in his token, and never that he was seen earlier", async () => {
      const name = nameOf(ann.token);
      const before = await rest(`GET ${path}/${name}`, { token: ann.token });
      expect(before).toMatchObject({
        status: 200,
        json: { kind: "UserActivity", metadata: { name }, spec: {}, status: { expiresAt: "" } },
      });
      const at = ago(60);
      const dry = await put(ann.token, name, { seenAt: at }, "?dryRun=All");
      expect(dry).toMatchObject({ status: 200, json: { spec: { seenAt: at } } });
      expect((await rest(`GET ${path}/${name}`, { token: ann.token })).json["spec"]).toEqual({});

      const noted = await put(ann.token, name, { seenAt: at });
      const expiresAt = new Date(Date.parse(at) + 960 * 60_000).toISOString().replace(".000Z", "Z");
      expect(noted).toMatchObject({ status: 200, json: { spec: { seenAt: at }, status: { expiresAt } } });
      expect((await rest(`GET /v3/tokens/${name}`, { token: ann.token })).json).toMatchObject({
        activityLastSeenAt: at,
      });
      // Two windows of a browser: whatever version was read, and who writes last.
      const { metadata } = before.json as { metadata: Json };
      const stale = await rest(`PUT ${path}/${name}`, {
        token: ann.token,
        body: object("UserActivity", { seenAt: ago(600) }, { ...metadata, name }),
      });
      expect(stale).toMatchObject({ status: 200, json: { spec: { seenAt: at } } });
      const future = await put(ann.token, name, { seenAt: ago(-3600) });
      const { seenAt } = future.json["spec"] as { seenAt: string };
      expect(Date.parse(seenAt)).toBeLessThanOrEqual(Date.now());
      expect(seenAt > at).toBe(true);
      const patched = await as(ann.token, [
        "patch",
        "useractivity",
        name,
        "--type=merge",
        "-p",
        '{"spec":{"seenAt":null}}',
      ]);
      expect(patched.stderr).toBe("");
      const applied = await as(
        ann.token,
        ["apply", "--server-side", "--validate=ignore", "-f", "-"],
        object("UserActivity", { seenAt: ago(0) }, { name }),
      );
      expect(applied.stderr).toBe("");
      for (const spec of [{ seenAt: "noon" }, { seenAt: 7 }])
        expect([400, 422]).toContain((await put(ann.token, name, spec)).status);
      const got = await as(ann.token, ["get", "useractivity", name, "-o", "jsonpath={.spec.seenAt}"]);
      expect(Date.parse(got.stdout)).toBeGreaterThanOrEqual(Date.parse(seenAt));
    });

    it("is of one's own sessions alone, by any token of one's own", async () => {
      const ida = await newUser("ida");
      const key = await rest("POST /v3/tokens", { token: ida.token, body: { type: "token" } });
      const { token: bearer, id } = key.json as { token: string; id: string };
      expect((await put(bearer, nameOf(ida.token), {})).status).toBe(200);
      const asked = async (token: string, name: string): Promise<number[]> => [
        (await rest(`GET ${path}/${name}`, { token })).status,
        (await put(token, name, {})).status,
        (
          await rest(`PATCH ${path}/${name}`, {
            token,
            headers: { "content-type": "application/merge-patch+json" },
            body: {},
          })
        ).status,
      ];
      expect(await asked(ann.token, nameOf(ida.token))).toEqual([403, 403, 403]);
      expect(await asked(local.admin.token, nameOf(ida.token))).toEqual([403, 403, 403]);
      expect(await asked(ida.token, id)).toEqual([403, 403, 403]);
      expect(await asked(ann.token, "token-nosuc")).toEqual([404, 404, 404]);
      const posing = await rest(`GET ${path}/${nameOf(ida.token)}`, {
        token: local.admin.token,
        headers: { "impersonate-user": ida.id },
      });
      expect(posing.status, posing.text).toBe(403);
      for (const line of [
        `GET ${path}`,
        `POST ${path}`,
        `DELETE ${path}/${nameOf(ann.token)}`,
        `DELETE ${path}`,
      ])
        expect((await rest(line, { token: ann.token, body: {} })).status, line).toBe(405);
    });

    it("of a token of ext.cattle.io, which only a Rancher makes sessions of, is in its Secret", async () => {
      const made = await rest(`POST ${api}/tokens`, {
        token: local.admin.token,
        body: object("Token", {}),
      });
      const { bearerToken } = made.json["status"] as { bearerToken: string };
      const { name } = made.json["metadata"] as { name: string };
      const row = JSON.parse(await kubectl(["-n", "cattle-tokens", "get", "secret", name, "-o", "json"])) as {
        metadata: { labels: Json };
        data: Json;
      };
      const moved = {
        ...row,
        metadata: { name: "token-sessn", labels: row.metadata.labels },
        data: { ...row.data, kind: Buffer.from("session").toString("base64") },
      };
      await kubectl(["-n", "cattle-tokens", "create", "-f", "-"], { input: JSON.stringify(moved) });
      const token = bearerToken.replace(name, "token-sessn");
      const at = ago(1);
      expect((await put(token, "token-sessn", { seenAt: at })).json["spec"]).toEqual({ seenAt: at });
      const seen = await kubectl([
        "get",
        "tokens.ext.cattle.io",
        "token-sessn",
        "-o",
        "jsonpath={.status.lastActivitySeen}",
      ]);
      expect(seen).toBe(at);
      expect((await put(token, name, {})).status).toBe(403);
    });

    it("auth 15: ends a session whose user was idle, and wakes none", async () => {
      const joy = await newUser("joy");
      const { token: other } = await loginAs(local.drover, "joy", password);
      const set = (value: string): Promise<Reply> =>
        rest(`PUT ${idle}`, { token: local.admin.token, body: { value } });
      expect((await set("1")).status).toBe(200);
      expect((await put(joy.token, nameOf(other), { seenAt: ago(50) })).status).toBe(200);
      const me = async (token: string): Promise<number> =>
        (await rest("GET /v3/users?me=true", { token })).status;
      expect(await me(other)).toBe(200);
      await eventually("the idle session ends", 30_000, async () =>
        (await me(other)) === 401 ? true : undefined,
      );
      expect((await put(joy.token, nameOf(other), {})).status).toBe(403);
      // Nothing was recorded of this one.
      expect(await me(joy.token)).toBe(200);
      expect((await set("960")).status).toBe(200);
    });
  });

  describe("GroupMembershipRefreshRequest", () => {
    const ask = (token: string, spec: Json, query = ""): Promise<Reply> =>
      rest(`POST ${api}/groupmembershiprefreshrequests${query}`, {
        token,
        body: object("GroupMembershipRefreshRequest", spec),
      });

    it("is answered for who may create users, about users that there are", async () => {
      for (const userId of ["*", ann.id])
        expect(await ask(local.admin.token, { userId })).toMatchObject({
          status: 201,
          json: {
            spec: { userId },
            status: {
              conditions: [{ type: "UserRefreshInitiated", status: "True" }],
              summary: "Completed",
            },
          },
        });
      expect((await ask(local.admin.token, { userId: "*" }, "?dryRun=All")).status).toBe(201);
      expect((await ask(local.admin.token, {})).status).toBe(400);
      expect((await ask(local.admin.token, { userId: "u-nosuch" })).status).toBe(400);
      expect((await ask(ann.token, { userId: ann.id })).status).toBe(403);
    });
  });
});
