/** Login, passwords and logout, through HTTP (auth.md 11; norman-v3.md 8). */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiClient, browser, loginLine as v1, password, startApi } from "./api-session.ts";
import type { ApiSession } from "./api-session.ts";
import { itemsOf } from "./rest.ts";
import type { Reply } from "./rest.ts";

const v3 = "POST /v3-public/localProviders/local?action=login";
const bearer = /^[a-z0-9.-]+:[bcdfghjklmnpqrstvwxz2456789]{54}$/;

describe("authentication", () => {
  let session: ApiSession;
  let admin: string;
  let adminId: string;
  const { rest, as, logIn, createdToken, newUser } = apiClient(() => session);

  beforeAll(async () => {
    session = await startApi();
    ({ admin, adminId } = session);
  }, 120_000);

  afterAll(async () => {
    await session?.stop();
  }, 60_000);

  describe("login", () => {
    it.each([
      [v1, "json"],
      [v3, "json"],
      [v1, ""],
      [v3, "token"],
    ])("auth 1, norman 57: %s answers responseType %j with a session", async (line, responseType) => {
      const body = { type: "localProvider", username: "ADMIN", password, responseType };
      const reply = await rest(line, { body });
      expect(reply.status).toBe(201);
      expect(reply.json).toMatchObject({ type: "token", baseType: "token", userId: adminId });
      expect(reply.json["token"]).toMatch(/^token-[a-z0-9]{5}:/);
      // auth 13
      expect(reply.json["token"]).toMatch(bearer);
      expect(String(reply.json["token"]).startsWith(`${String(reply.json["id"])}:`)).toBe(true);
      const hours = (Date.parse(String(reply.json["expiresAt"])) - Date.now()) / 3_600_000;
      expect(hours).toBeGreaterThan(15.9);
      expect(hours).toBeLessThan(16.1);
      expect(reply.cookies).toEqual([]);
    });

    it.each([v1, v3])("auth 1: %s sets the cookie and nothing else for responseType cookie", async (line) => {
      const body = { type: "localProvider", username: "admin", password, responseType: "cookie" };
      const reply = await rest(line, { body });
      expect([reply.status, reply.text]).toEqual([200, ""]);
      expect(reply.cookies).toHaveLength(1);
      expect(reply.cookies[0]).toMatch(
        /^R_SESS=token-[a-z0-9]{5}:[a-z0-9]{54}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
    });

    it.each([v1, v3])("auth 1: %s makes a kubeconfig token, also for one cluster", async (line) => {
      const body = { type: "localProvider", username: "admin", password };
      const plain = await rest(line, { body: { ...body, responseType: "kubeconfig" } });
      expect(plain.status).toBe(201);
      expect(plain.json["id"]).toMatch(new RegExp(`^kubeconfig-${adminId}[a-z0-9]{5}$`));
      expect(plain.json["expiresAt"]).toMatch(/Z$/);
      const scoped = await rest(line, { body: { ...body, responseType: "kubeconfig_c-abcde" } });
      expect(scoped.json["id"]).toMatch(new RegExp(`^kubeconfig-${adminId}\\.c-abcde[a-z0-9]{5}$`));
      // auth 17, norman 56
      const token = String(scoped.json["token"]);
      const at = async (path: string): Promise<number> => (await as(token, `GET ${path}`)).status;
      expect(await at("/v3/users")).toBe(401);
      expect(await at("/k8s/clusters/c-other/api")).toBe(401);
      expect(await at("/k8s/clusters/c-abcde/api")).toBe(404);
    });

    it("auth 5: says the same to a wrong password and to an unknown user", async () => {
      const wrong = await logIn("admin", "not the passphrase");
      const unknown = await logIn("nobody", "not the passphrase");
      const error = { type: "error", baseType: "error", status: 401, code: "Unauthorized" };
      expect(wrong.json).toEqual({ ...error, message: "authentication failed" });
      expect(wrong.status).toBe(401);
      expect(unknown).toMatchObject({ status: 401, json: wrong.json });
      expect(wrong.headers["x-api-cattle-auth"]).toBe("false");
    });

    it.each<[string, unknown]>([
      ["null", "null"],
      ["an array", []],
      ["a number", "1"],
      ["nothing", ""],
      ["no JSON", "{"],
      ["an unknown type", { type: "githubProvider", username: "admin", password }],
      ["no type", { username: "admin", password }],
      ["no password", { type: "localProvider", username: "admin" }],
      ["an array as password", { type: "localProvider", username: "admin", password: [password] }],
      [
        "a number beyond 2^53 as username",
        '{"type":"localProvider","username":9007199254740993,"password":"x"}',
      ],
      ["a lone surrogate as username", '{"type":"localProvider","username":"\\ud800","password":"x"}'],
      ["a lone surrogate as password", '{"type":"localProvider","username":"admin","password":"\\udc00"}'],
      [
        "a lone surrogate as description",
        '{"type":"localProvider","username":"admin","password":"x","description":"\\ud800"}',
      ],
      ["NUL in the username", { type: "localProvider", username: "ad\0min", password }],
      ["NUL in the password", { type: "localProvider", username: "admin", password: "a\0b" }],
      ["a username in __proto__", '{"type":"localProvider","__proto__":{"username":"admin"},"password":"x"}'],
      ["a type in __proto__", '{"__proto__":{"type":"localProvider"},"username":"admin","password":"x"}'],
      ["a password of 2000 bytes", { type: "localProvider", username: "admin", password: "x".repeat(2000) }],
      ["70 levels", `${'{"a":'.repeat(70)}1${"}".repeat(70)}`],
    ])("auth 7: refuses %s as a login with 422", async (_, body) => {
      const reply = await rest(v1, { body });
      expect(reply.json).toMatchObject({ type: "error", status: 422, code: "InvalidBodyContent" });
      expect(reply.status).toBe(422);
    });

    it("auth 7, 33: refuses more than 1 MiB with 413", async () => {
      const body = { type: "localProvider", username: "admin", password: "x".repeat(1024 * 1024) };
      // Chunked: what is read up to the limit leaves little enough for workerd to drain. A body that says its length
      // is not read at all, and of 2 MiB workerd cuts the connection, at times before a client has seen the answer.
      const headers = { "transfer-encoding": "chunked" };
      expect((await rest(v1, { body, headers })).status).toBe(413);
      const large = { ...body, password: "x".repeat(2 * 1024 * 1024) };
      const status = await rest(v1, { body: large }).then(
        (reply) => reply.status,
        () => "cut",
      );
      expect([413, "cut"]).toContain(status);
    });

    it("lists the local provider in both generations, without secrets", async () => {
      const old = await rest("GET /v3-public/authProviders");
      const provider = { id: "local", type: "localProvider" };
      expect((await rest("GET /v1-public/authproviders")).json).toMatchObject({ data: [provider] });
      expect(itemsOf(old)[0]).toMatchObject({
        ...provider,
        actions: { login: `${session.drover.url}/v3-public/localProviders/local?action=login` },
      });
      expect((await rest("GET /v3-public/authProviders/github")).status).toBe(404);
    });
  });

  it("auth 14, norman 21: takes Bearer, Basic and the cookie, and the header before the cookie", async () => {
    const basic = Buffer.from(admin).toString("base64");
    const me = async (headers: Record<string, string>): Promise<number> =>
      (await rest("GET /v3/users?me=true", { headers })).status;
    expect(await me({ authorization: `Bearer ${admin}` })).toBe(200);
    expect(await me({ authorization: `bEARER ${admin}` })).toBe(200);
    expect(await me({ authorization: `Basic ${basic}` })).toBe(200);
    expect(await me({ cookie: `x=1; R_SESS=${admin}` })).toBe(200);
    expect(await me({ authorization: "Bearer token-aaaaa:wrong", cookie: `R_SESS=${admin}` })).toBe(401);
    expect(await me({ cookie: `R_SESS=${admin}; R_SESS=token-aaaaa:planted` })).toBe(401);
    for (const text of ["a:b:c", "token-aaaaa:", ":x", "ext/../x:y", "admin", "%00:%00", admin.slice(0, -1)])
      expect(await me({ authorization: `Bearer ${text}` }), text).toBe(401);
  });

  describe("passwords", () => {
    const changed = "another good passphrase";

    it.each<[string, object | string]>([
      ["a wrong current one", { currentPassword: "wrong", newPassword: changed }],
      ["a short one", { currentPassword: password, newPassword: "short" }],
      ["the same one", { currentPassword: password, newPassword: password }],
      ["no new one", { currentPassword: password }],
      ["an array", { currentPassword: password, newPassword: [changed] }],
      ["a lone surrogate", `{"currentPassword":"${password}","newPassword":"long enough \\ud800"}`],
      ["nothing", ""],
    ])("norman 54: changepassword refuses %s with 422", async (_, body) => {
      const reply = await as(admin, "POST /v3/users?action=changepassword", { body });
      expect(reply.json).toMatchObject({ status: 422, code: "InvalidBodyContent" });
    });

    it("auth 10: changepassword ends the other sessions, and keeps this one and API keys", async () => {
      const { username, token } = await newUser();
      const other = String((await logIn(username, password)).json["token"]);
      const api = String((await createdToken(token))["token"]);
      const body = { currentPassword: password, newPassword: changed };
      const reply = await as(token, "POST /v3/users?action=changepassword", { body });
      expect([reply.status, reply.text]).toEqual([200, ""]);
      expect((await as(other, "GET /v3/tokens")).status).toBe(401);
      expect((await as(token, "GET /v3/tokens")).status).toBe(200);
      expect((await as(api, "GET /v3/tokens")).status).toBe(200);
      expect((await logIn(username, password)).status).toBe(401);
      expect((await logIn(username, changed)).status).toBe(201);
      expect((await rest("GET /v3/settings/first-login")).json).toMatchObject({ value: "false" });
    });

    it("auth 10: a login that races a password change leaves no session of the old password", async () => {
      const { username, token } = await newUser();
      const body = { currentPassword: password, newPassword: changed };
      const change = as(token, "POST /v3/users?action=changepassword", { body });
      // Hashes take turns: a login that comes while the new password waits to be hashed has read the old one, and is
      // verified after the change.
      const racing: Promise<Reply>[] = [];
      for (let n = 0; n < 12; n++) {
        racing.push(logIn(username, password));
        await sleep(40);
      }
      expect((await change).status).toBe(200);
      for (const reply of await Promise.all(racing)) {
        const session = reply.json["token"];
        if (typeof session === "string")
          expect((await as(session, "GET /v3/tokens")).status, "an old session").toBe(401);
      }
      const { json } = await logIn(username, changed);
      const left = itemsOf(await as(String(json["token"]), "GET /v3/tokens"));
      expect(new Set(left.map(({ id }) => id))).toEqual(new Set([token.split(":")[0], json["id"]]));
    });

    it("auth 8, norman 54: setpassword answers with the user, who may then do nothing but change it", async () => {
      const { id, username, token } = await newUser();
      const set = (newPassword: unknown): Promise<Reply> =>
        as(admin, `POST /v3/users/${id}?action=setpassword`, { body: { newPassword } });
      expect((await set("short")).status).toBe(422);
      expect((await set(changed)).json).toMatchObject({ id, type: "user", mustChangePassword: true });
      expect((await as(token, "GET /v3/tokens")).status).toBe(401);
      const fresh = String((await logIn(username, changed)).json["token"]);
      for (const line of [
        "GET /v3/tokens",
        "POST /v3/tokens",
        "GET /v3/users",
        `GET /v3/users/${adminId}`,
        `POST /v3/users/${id}?action=setpassword`,
        "GET /v3/settings",
        "GET /k8s/clusters/c-abcde/api",
      ])
        expect((await as(fresh, line)).status, line).toBe(403);
      for (const line of [`GET /v3/users/${id}`, "GET /v3/users?me=true", "GET /v3/settings/first-login"])
        expect((await as(fresh, line)).status, line).toBe(200);
      const body = { currentPassword: changed, newPassword: password };
      expect((await as(fresh, "POST /v3/users?action=changepassword", { body })).status).toBe(200);
      expect((await as(fresh, "GET /v3/tokens")).status).toBe(200);
    });

    it("setpassword on oneself does not ask for another change (rancher2_bootstrap)", async () => {
      const { id, token } = await newUser();
      const role = { globalRoleId: "admin", userId: id };
      expect((await as(admin, "POST /v3/globalrolebindings", { body: role })).status).toBe(201);
      const reply = await as(token, `POST /v3/users/${id}?action=setpassword`, {
        body: { newPassword: changed },
      });
      expect(reply.json).toMatchObject({ id, mustChangePassword: false });
      expect((await as(token, "GET /v3/tokens")).status).toBe(200);
    });

    it("a first-login setting that is gone does not make a change fail", async () => {
      expect((await as(admin, "DELETE /v3/settings/first-login")).status).toBe(204);
      const { token } = await newUser();
      const body = { currentPassword: password, newPassword: changed };
      expect((await as(token, "POST /v3/users?action=changepassword", { body })).status).toBe(200);
    });
  });

  describe("logout", () => {
    const cleared = ["R_SESS", "CSRF", "R_OIDC_ID", "R_AZUREAD_ID"].map((name) =>
      expect.stringMatching(new RegExp(`^${name}=; Max-Age=0; .*Path=/; HttpOnly; Secure; SameSite=Lax$`)),
    );
    const urls = [
      "POST /v1/logout",
      "POST /v1/logout?all",
      "POST /v3/tokens?action=logout",
      "POST /v3/tokens?action=logoutAll",
    ];

    it.each(urls)("%s deletes the presented token alone and clears the cookies", async (line) => {
      const session = String((await logIn("admin", password)).json["token"]);
      const reply = await rest(line, { headers: { cookie: `R_SESS=${session}` } });
      expect(reply.status).toBe(200);
      expect(reply.cookies).toEqual(cleared);
      expect((await as(session, "GET /v3/tokens")).status).toBe(401);
      expect((await as(admin, "GET /v3/tokens")).status).toBe(200);
      // The token is gone now, as after a purge: the browser must get rid of its cookie all the same.
      const again = await rest(line, { headers: { cookie: `R_SESS=${session}` } });
      expect(again.status).toBe(401);
      expect(again.cookies).toEqual(cleared);
    });

    it.each(urls)("%s asks a browser with a cookie for its CSRF token", async (line) => {
      const session = String((await logIn("admin", password)).json["token"]);
      const cookie = `R_SESS=${session}; CSRF=abc`;
      for (const headers of [{ cookie: `R_SESS=${session}` }, { cookie }, { cookie, "x-api-csrf": "abd" }]) {
        const reply = await rest(line, { headers: { ...browser, ...headers } });
        expect(reply).toMatchObject({ status: 422, cookies: [], json: { code: "InvalidCSRFToken" } });
      }
      const good = await rest(line, { headers: { ...browser, cookie, "x-api-csrf": "abc" } });
      expect([good.status, good.cookies.length]).toEqual([200, 4]);
    });

    it("clears nothing for who presents nothing: a foreign page's form could log people out", async () => {
      expect(await rest("POST /v1/logout")).toMatchObject({ status: 401, cookies: [] });
    });

    it("keeps a token that is presented with a wrong secret", async () => {
      const name = admin.split(":")[0] ?? "";
      expect((await as(`${name}:${"b".repeat(54)}`, "POST /v1/logout")).status).toBe(401);
      expect((await as(admin, "GET /v3/tokens")).status).toBe(200);
    });
  });
});
