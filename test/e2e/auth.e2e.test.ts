/** Login, passwords, tokens and what a plain user cannot do, through HTTP (auth.md 11; norman-v3.md 8). */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, removeDataDir, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { idsOf, itemsOf, restOf } from "./rest.ts";
import type { Ask, Json, Reply, Rest } from "./rest.ts";

const password = "auth test passphrase";
const browser = { "user-agent": "Mozilla/5.0" };
const v1 = "POST /v1-public/login";
const v3 = "POST /v3-public/localProviders/local?action=login";
const bearer = /^[a-z0-9.-]+:[bcdfghjklmnpqrstvwxz2456789]{54}$/;

describe("authentication", () => {
  let drover: Drover;
  let rest: Rest;
  let admin: string;
  let adminId: string;

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    rest = restOf(drover);
    const reply = await logIn("admin", password);
    [admin, adminId] = [String(reply.json["token"]), String(reply.json["userId"])];
  }, 120_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  const logIn = (username: string, word: string, more: object = {}): Promise<Reply> =>
    rest(v1, { body: { type: "localProvider", username, password: word, ...more } });
  const as = (token: string, line: string, ask: Ask = {}): Promise<Reply> => rest(line, { token, ...ask });
  const createdToken = async (token: string, body: object = {}): Promise<Json> => {
    const reply = await as(token, "POST /v3/tokens", { body });
    expect(reply.status, reply.text).toBe(201);
    return reply.json;
  };

  let counter = 0;
  /** A new user, logged in. */
  async function newUser(fields: object = {}): Promise<{ id: string; username: string; token: string }> {
    const username = `user${++counter}`;
    const made = await as(admin, "POST /v3/users", { body: { username, password, ...fields } });
    expect(made.status, made.text).toBe(201);
    const { json } = await logIn(username, password);
    return { id: String(made.json["id"]), username, token: String(json["token"]) };
  }

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
        actions: { login: `${drover.url}/v3-public/localProviders/local?action=login` },
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
      for (const name of ["cacerts", "first-login", "ui-pl", "ui-brand", "ui-banners"]) {
        const reply = await as(token, `GET /v3/settings/${name}`);
        // first-login was deleted by a test above.
        expect(reply.status, name).toBe(name === "first-login" ? 404 : 200);
      }
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
