/** ext.cattle.io/v1 (auth.md 2.6, 3.8): one's own identity, and password, by stock kubectl and plain requests. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loginAs } from "./drover.ts";
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
});
