/** Users, tokens, and what a plain user cannot do, through HTTP (auth.md 11; norman-v3.md 8). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiClient, password, startApi } from "./api-session.ts";
import type { ApiSession } from "./api-session.ts";
import { eventually } from "./drover.ts";
import { idsOf, itemsOf } from "./rest.ts";

const bearer = /^[a-z0-9.-]+:[bcdfghjklmnpqrstvwxz2456789]{54}$/;

describe("authentication", () => {
  let session: ApiSession;
  let admin: string;
  let adminId: string;
  const { as, logIn, createdToken, newUser } = apiClient(() => session);

  beforeAll(async () => {
    session = await startApi();
    ({ admin, adminId } = session);
  }, 120_000);

  afterAll(async () => {
    await session?.stop();
  }, 60_000);

  describe("users", () => {
    it("norman 53: a new user is principal of himself and has the default roles", async () => {
      const { id, token } = await newUser();
      const user = await as(admin, `GET /v3/users/${id}`);
      expect(user.json).toMatchObject({ principalIds: [`local://${id}`], me: false, enabled: true });
      expect(Object.keys(user.json)).not.toContain("password");
      const bindings = itemsOf(await as(admin, `GET /v3/globalrolebindings?userId=${id}`));
      expect(bindings).toMatchObject([{ globalRoleId: "user", userId: id }]);
      expect(bindings[0]?.["id"]).toMatch(/^grb-[a-z2-7]{10}$/);
      expect((await as(token, "GET /v3/settings/server-version")).status).toBe(200);
    });

    it.each([
      ["a short password", { username: "someone", password: "short" }, "InvalidBodyContent", undefined],
      [
        "the name as password",
        { username: "someone-long-enough", password: "someone-long-enough" },
        "InvalidBodyContent",
        undefined,
      ],
      ["a taken name in other case", { username: "Admin", password }, "NotUnique", "username"],
      ["no name", { password }, "MissingRequired", "username"],
      [
        "a name with a lone surrogate",
        '{"username":"\\ud800","password":"long enough to be one"}',
        "InvalidCharacters",
        "username",
      ],
      [
        "a principal with a lone surrogate",
        '{"username":"x","principalIds":["\\udfff"]}',
        "InvalidCharacters",
        "principalIds",
      ],
      ["a label with a lone surrogate", '{"username":"x","labels":{"a":"\\ud800"}}', undefined, undefined],
    ])("norman 53: refuses %s with 422", async (_, body, code, fieldName) => {
      const reply = await as(admin, "POST /v3/users", { body });
      expect(reply.status, reply.text).toBe(422);
      if (code !== undefined) expect(reply.json).toMatchObject({ code, ...(fieldName && { fieldName }) });
    });

    it("norman 53: nobody disables or deletes himself, and what a user had goes with him", async () => {
      for (const line of [`DELETE /v3/users/${adminId}`, `PUT /v3/users/${adminId}`])
        expect(await as(admin, line, { body: { enabled: false } })).toMatchObject({
          status: 422,
          json: { code: "InvalidAction" },
        });
      const { id, username } = await newUser();
      expect((await as(admin, `DELETE /v3/users/${id}`)).status).toBe(204);
      expect((await as(admin, `GET /v3/users/${id}`)).status).toBe(404);
      expect(idsOf(await as(admin, `GET /v3/globalrolebindings?userId=${id}`))).toEqual([]);
      expect((await logIn(username, password)).status).toBe(401);
    });

    it.each([
      ["disabled", "PUT", { enabled: false }],
      ["deleted", "DELETE", undefined],
    ])("auth 16: a %s user's tokens stop within 10 s", async (state, method, body) => {
      const { id, username, token } = await newUser();
      const api = String((await createdToken(token))["token"]);
      for (const one of [token, api]) expect((await as(one, "GET /v3/tokens")).status).toBe(200);
      await as(admin, `${method} /v3/users/${id}`, body === undefined ? {} : { body });
      for (const one of [token, api])
        await eventually(`a ${state} user's 401`, 10_000, async () =>
          (await as(one, "GET /v3/tokens")).status === 401 ? true : undefined,
        );
      const again = await logIn(username, password);
      expect(again.json).toMatchObject(
        state === "disabled" ? { status: 403, code: "PermissionDenied" } : { status: 401 },
      );
    });
  });

  describe("tokens", () => {
    it("norman 55: are made with what the caller may choose, and shown once", async () => {
      const body = { description: "mine", ttl: 3_600_000, userId: "u-other", authProvider: "x", token: "y" };
      const made = await createdToken(admin, body);
      expect(made).toMatchObject({
        type: "token",
        userId: adminId,
        description: "mine",
        ttl: 3_600_000,
        isDerived: true,
        enabled: true,
        expired: false,
        current: false,
        authProvider: "local",
      });
      expect(made["token"]).toMatch(bearer);
      const id = String(made["id"]);
      const read = await as(admin, `GET /v3/tokens/${id}`);
      expect(read.json["token"]).toBeUndefined();
      const list = await as(admin, "GET /v3/tokens");
      expect(idsOf(list)).toContain(id);
      for (const { text } of [read, list])
        expect(text).not.toMatch(/\$[123]:|[bcdfghjklmnpqrstvwxz2456789]{54}/);
      expect((await as(admin, `PUT /v3/tokens/${id}`, { body: { description: "x" } })).status).toBe(404);
      expect((await as(admin, `DELETE /v3/tokens/${id}`)).status).toBe(204);
      expect((await as(admin, `GET /v3/tokens/${id}`)).status).toBe(404);
      expect((await as(String(made["token"]), "GET /v3/tokens")).status).toBe(401);
    });

    it("norman 55: the current session is marked, and not deleted", async () => {
      const name = admin.split(":")[0] ?? "";
      expect((await as(admin, `GET /v3/tokens/${name}`)).json).toMatchObject({ current: true });
      expect((await as(admin, `DELETE /v3/tokens/${name}`)).status).toBe(400);
    });

    it.each([
      [0, 129_600 * 60_000],
      [-1, 129_600 * 60_000],
      ["1000", 1000],
      [2 ** 53 - 1, 129_600 * 60_000],
    ])("auth 15: asked for a ttl of %s, grants %d ms", async (ttl, granted) => {
      expect(await createdToken(admin, { ttl })).toMatchObject({ ttl: granted });
    });

    it.each(["9007199254740993", "1e300", '"soon"', "1.5", "[]"])(
      "auth 15: refuses a ttl of %s",
      async (ttl) => {
        const reply = await as(admin, "POST /v3/tokens", { body: `{"ttl":${ttl}}` });
        expect([reply.status, reply.json["fieldName"]]).toEqual([422, "ttl"]);
      },
    );

    it("a ttl beyond all dates is no error where nothing caps it", async () => {
      const setting = "PUT /v3/settings/auth-token-max-ttl-minutes";
      expect((await as(admin, setting, { body: { value: "0" } })).status).toBe(200);
      const made = await createdToken(admin, { ttl: 2 ** 53 - 1 });
      expect(made).toMatchObject({ ttl: 100 * 365.25 * 86_400_000, expired: false });
      expect((await as(admin, "GET /v3/tokens")).status).toBe(200);
      expect((await as(admin, setting, { body: { value: "" } })).status).toBe(200);
    });

    it("auth 15, 16: stop when they expire", async () => {
      const made = await createdToken(admin, { ttl: 2_500 });
      const token = String(made["token"]);
      expect((await as(token, "GET /v3/tokens")).status).toBe(200);
      await eventually("401", 5_000, async () =>
        (await as(token, "GET /v3/tokens")).status === 401 ? true : undefined,
      );
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(String(made["expiresAt"])));
      // Purged, or not yet.
      expect((await as(admin, `GET /v3/tokens/${String(made["id"])}`)).json["expired"]).not.toBe(false);
    });

    it("an API key derives tokens that end with it (the CLI and Terraform have nothing else)", async () => {
      const { token } = await newUser();
      const parent = await createdToken(token, { ttl: 3_600_000 });
      for (const ttl of [0, -1, 7_200_000]) {
        const child = await createdToken(String(parent["token"]), { ttl });
        const late = Date.parse(String(child["expiresAt"])) - Date.parse(String(parent["expiresAt"]));
        expect(late).toBeLessThanOrEqual(0);
        expect(late).toBeGreaterThan(-5_000);
        // Nor do theirs.
        const grandchild = await createdToken(String(child["token"]), { ttl });
        expect(Date.parse(String(grandchild["expiresAt"]))).toBeLessThanOrEqual(
          Date.parse(String(parent["expiresAt"])),
        );
      }
      const short = await createdToken(String(parent["token"]), { ttl: 60_000 });
      expect(short["ttl"]).toBe(60_000);
    });

    it("a kubeconfig's token derives nothing", async () => {
      const { json } = await logIn("admin", password, { responseType: "kubeconfig" });
      expect((await as(String(json["token"]), "POST /v3/tokens", { body: {} })).status).toBe(403);
    });

    it("auth 17: one for a cluster is valid there alone, and needs the right to see it", async () => {
      const made = await as(admin, "POST /v3/clusters", { body: { name: "scoped" } });
      const cluster = String(made.json["id"]);
      const token = String((await createdToken(admin, { clusterId: cluster }))["token"]);
      for (const [line, status] of [
        [`GET /v3/clusters/${cluster}`, 200],
        [`GET /k8s/clusters/${cluster}/api`, 503],
        ["GET /k8s/clusters/c-other/api", 401],
        ["GET /v3/clusters", 401],
        ["GET /v3/tokens", 401],
        ["POST /v3/tokens", 401],
      ] as const)
        expect((await as(token, line)).status, line).toBe(status);
      const { token: plain } = await newUser();
      const denied = await as(plain, "POST /v3/tokens", { body: { clusterId: cluster } });
      expect(denied.status).toBe(403);
    });

    it("auth 18: are nobody else's business, not even an administrator's", async () => {
      const { token } = await newUser();
      const foreign = String((await createdToken(token))["id"]);
      const own = admin.split(":")[0] ?? "";
      for (const [caller, name] of [
        [admin, foreign],
        [token, own],
      ] as const) {
        for (const method of ["GET", "PUT", "DELETE"])
          expect((await as(caller, `${method} /v3/tokens/${name}`, { body: {} })).status, method).toBe(404);
        expect(idsOf(await as(caller, "GET /v3/tokens"))).not.toContain(name);
      }
    });
  });

  describe("a plain user", () => {
    it("auth 46: gains nothing by any write", async () => {
      const { id, token } = await newUser();
      const { id: other } = await newUser();
      const grb = idsOf(await as(admin, `GET /v3/globalrolebindings?userId=${adminId}`))[0];
      const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
      const attempts: [string, object?][] = [
        ["POST /v3/globalrolebindings", { globalRoleId: "admin", userId: id }],
        ["POST /v3/globalrolebindings", { globalRoleId: "user", userId: id }],
        [`DELETE /v3/globalrolebindings/${String(grb)}`],
        ["POST /v3/globalroles", { name: "x", rules: [everything] }],
        ["PUT /v3/globalroles/user", { rules: [everything] }],
        ["PUT /v3/globalroles/admin", { newUserDefault: true }],
        ["DELETE /v3/globalroles/user"],
        ["POST /v3/users", { username: "mole", password }],
        [`PUT /v3/users/${id}`, { enabled: true, description: "x" }],
        [`PUT /v3/users/${other}`, { enabled: false }],
        [`DELETE /v3/users/${other}`],
        [`POST /v3/users/${adminId}?action=setpassword`, { newPassword: "owned by the mole" }],
        [`POST /v3/users/${id}?action=setpassword`, { newPassword: "owned by the mole" }],
        ["POST /v3/settings", { name: "x", value: "y" }],
        ["PUT /v3/settings/server-url", { value: "https://mole.example" }],
        ["PUT /v3/settings/first-login", { value: "true" }],
        ["PUT /v3/settings/cacerts", { value: "" }],
        ["DELETE /v3/settings/server-url"],
        ["POST /v3/clusters", { name: "mole" }],
        ["POST /v3/clusterregistrationtokens", { clusterId: "c-abcde" }],
        [`GET /v3/users/${other}`],
        [`GET /v3/users/${adminId}`],
        ["GET /v3/globalroles/admin"],
        [`GET /v3/globalrolebindings/${String(grb)}`],
        ["GET /v3/clusters/c-abcde"],
        ["GET /k8s/clusters/c-abcde/api"],
        ["GET /k8s/clusters/local/api/v1/secrets"],
        ["GET /api/v1/namespaces/cattle-global-data/secrets?watch=true"],
        ["DELETE /api/v1/namespaces/cattle-global-data/secrets"],
        [
          "POST /apis/management.cattle.io/v3/globalrolebindings",
          { metadata: { name: "mole" }, globalRoleName: "admin", userName: id },
        ],
        [
          "POST /apis/management.cattle.io/v3/tokens",
          { metadata: { name: "token-mole" }, userId: adminId, token: "$2:AAAA:BBBB" },
        ],
        [`PUT /apis/management.cattle.io/v3/users/${id}`, { metadata: { name: id }, enabled: true }],
      ];
      for (const [line, body] of attempts) {
        const { status, text } = await as(token, line, body === undefined ? {} : { body });
        expect([403, 404, 405], `${line}: ${status} ${text}`).toContain(status);
      }
      for (const list of [
        "users",
        "globalroles",
        "globalrolebindings",
        "clusters",
        "clusterregistrationtokens",
      ]) {
        const reply = await as(token, `GET /v3/${list}`);
        expect([reply.status, idsOf(reply)], list).toEqual([200, list === "users" ? [id] : []]);
      }
    });

    it("reads the public settings, also without any role", async () => {
      const { id, token } = await newUser();
      for (const name of ["cacerts", "first-login", "ui-pl", "ui-brand", "ui-banners"])
        expect((await as(token, `GET /v3/settings/${name}`)).status, name).toBe(200);
      for (const binding of idsOf(await as(admin, `GET /v3/globalrolebindings?userId=${id}`)))
        expect((await as(admin, `DELETE /v3/globalrolebindings/${String(binding)}`)).status).toBe(204);
      expect((await as(token, "GET /v3/settings/server-version")).status).toBe(403);
      for (const name of ["cacerts", "first-login", "ui-pl", "ui-brand", "ui-banners"])
        expect((await as(token, `GET /v3/settings/${name}`)).json, name).toMatchObject({ id: name });
    });

    it("auth 46: who manages roles cannot hand a built-in one to all new users without having it", async () => {
      const rules = [
        { verbs: ["*"], apiGroups: ["management.cattle.io"], resources: ["users"] },
        { verbs: ["get", "list", "update"], apiGroups: ["management.cattle.io"], resources: ["globalroles"] },
      ];
      const role = await as(admin, "POST /v3/globalroles", { body: { name: "managers", rules } });
      const { id, token } = await newUser();
      const body = { globalRoleId: role.json["id"], userId: id };
      expect((await as(admin, "POST /v3/globalrolebindings", { body })).status).toBe(201);
      const given = await as(token, "PUT /v3/globalroles/admin", { body: { newUserDefault: true } });
      expect(given).toMatchObject({ status: 403, json: { fieldName: "newUserDefault" } });
    });

    it("auth 46: cannot set the password of one who has rights in a namespace alone that he lacks", async () => {
      const rule = (resource: string, verbs: string[]): object => ({
        verbs,
        apiGroups: ["management.cattle.io"],
        resources: [resource],
      });
      const bound = async (name: string, role: object): Promise<{ id: string; token: string }> => {
        const made = await as(admin, "POST /v3/globalroles", { body: { name, ...role } });
        const user = await newUser();
        const body = { globalRoleId: made.json["id"], userId: user.id };
        expect((await as(admin, "POST /v3/globalrolebindings", { body })).status).toBe(201);
        return user;
      };
      const caller = await bound("setters", {
        rules: [rule("users", ["get", "update"]), rule("settings", ["get", "list", "watch"])],
      });
      const target = await bound("secret-readers", {
        namespacedRules: { "cattle-system": [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }] },
      });
      const { id: equal } = await newUser();
      const set = async (id: string): Promise<number> =>
        (
          await as(caller.token, `POST /v3/users/${id}?action=setpassword`, {
            body: { newPassword: "a third passphrase" },
          })
        ).status;
      expect([await set(target.id), await set(adminId), await set(equal)]).toEqual([403, 403, 200]);
    });
  });
});
