/** The `/v3` face through HTTP: what all answers have, resources and lists (norman-v3.md 8). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiClient, browser, startApi } from "./api-session.ts";
import type { ApiSession } from "./api-session.ts";
import { idsOf, itemsOf } from "./rest.ts";
import type { Json, Reply } from "./rest.ts";

const expires = "Wed 24 Feb 1982 18:42:00 GMT";

describe("the API", () => {
  let session: ApiSession;
  let base: string;
  let admin: string;
  let adminId: string;
  /** An imported cluster without an agent. */
  let cluster: Json;
  let clusterId: string;
  const { rest, asAdmin, created, newCluster } = apiClient(() => session);

  beforeAll(async () => {
    session = await startApi();
    ({ admin, adminId } = session);
    base = session.drover.url;
    cluster = await newCluster("first");
    clusterId = String(cluster["id"]);
  }, 120_000);

  afterAll(async () => {
    await session?.stop();
  }, 60_000);

  describe("answers", () => {
    it.each(["/v3", "/v3/"])("norman 1: %s is the root document, without redirect", async (path) => {
      const { status, json, headers } = await asAdmin(`GET ${path}`);
      expect([status, headers["x-api-schemas"], headers["expires"]]).toEqual([
        200,
        `${base}/v3/schemas`,
        expires,
      ]);
      expect(json).toMatchObject({
        type: "apiRoot",
        apiVersion: { group: "management.cattle.io", path: "/v3", version: "v3" },
        links: {
          self: `${base}/v3`,
          clusterRegistrationTokens: `${base}/v3/clusterregistrationtokens`,
        },
      });
    });

    it.each([
      ["GET /v3/clusters", 200, 401, "cluster/schemas"],
      ["GET /v3/nosuchtype", 404, 401, "schemas"],
      ["PATCH /v3/clusters", 405, 401, "cluster/schemas"],
      ["POST /v3/clusters", 422, 401, "cluster/schemas"],
      ["POST /v3/tokens?action=nosuch", 422, 401, "schemas"],
      ["POST /v3/tokens?action=logout", 401, 401, "schemas"],
      ["GET /v3/settings/ui-pl", 200, 200, "schemas"],
      ["GET /v3/settings/../users", 400, 400, undefined],
      ["GET /healthz", 200, 200, undefined],
      ["GET /cacerts", 200, 200, undefined],
      ["GET /nosuch", 404, 401, undefined],
      ["GET /v1-public/authproviders", 200, 200, undefined],
      ["POST /v1-public/login", 422, 422, undefined],
      ["GET /v3/import/bad.yaml", 404, 404, undefined],
      ["GET /v3/connect", 401, 401, undefined],
      ["GET /k8s/clusters/c-nosuch/api", 404, 401, undefined],
    ])("auth 25, norman 2: %s carries the headers of all answers", async (line, known, unknown, schemas) => {
      // A logout that is to fail: the session of the other tests must live.
      const token = line.includes("logout") ? "token-aaaaa:no" : admin;
      for (const [reply, status] of [
        [await rest(line, { token }), known],
        [await rest(line), unknown],
      ] as const) {
        expect(reply.status, reply.text).toBe(status);
        expect(reply.headers, reply.text).toMatchObject({
          "x-content-type-options": "nosniff",
          "cache-control": "no-cache, no-store, must-revalidate",
          "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
          "x-api-cattle-auth": expect.stringMatching(/^(?:true|false)$/),
          ...(schemas === undefined ? {} : { "x-api-schemas": `${base}/v3/${schemas}`, expires }),
        });
      }
    });

    it("auth 25: X-API-Cattle-Auth tells whether the caller is known", async () => {
      const flag = async (token?: string): Promise<string | undefined> =>
        (await rest("GET /v3", token === undefined ? {} : { token })).headers["x-api-cattle-auth"];
      expect([await flag(admin), await flag(), await flag("token-aaaaa:no")]).toEqual([
        "true",
        "false",
        "false",
      ]);
    });

    it("norman 3: X-Api-Schemas of a cluster points into its sub-context", async () => {
      for (const path of [`/v3/clusters/${clusterId}`, `/v3/clusters/${clusterId}/clusterregistrationtokens`])
        expect((await asAdmin(`GET ${path}`)).headers["x-api-schemas"]).toBe(
          `${base}/v3/cluster/${clusterId}/schemas`,
        );
    });

    it("norman 20: an unauthenticated request has the other error body, with X-Api-Schemas", async () => {
      for (const token of [undefined, "token-aaaaa:no"]) {
        const reply = await rest("GET /v3/clusters", token === undefined ? {} : { token });
        expect(reply.status).toBe(401);
        expect(reply.json).toEqual({
          type: "error",
          status: "401",
          message: "Unauthorized 401: must authenticate",
        });
        expect(reply.headers["x-api-schemas"]).toBe(`${base}/v3/cluster/schemas`);
      }
    });

    it.each([
      ["GET /v3/nosuch", 404, "NotFound", "failed to find schema nosuch"],
      ["GET /v3/clusters/c-nosuch", 404, "NotFound", undefined],
      ["PATCH /v3/clusters", 405, "MethodNotAllow", "Method PATCH not supported"],
      ["OPTIONS /v3/clusters", 405, "MethodNotAllow", "Method OPTIONS not supported"],
      ["DELETE /v3/clusters", 405, "MethodNotAllow", "Method DELETE not supported"],
      ["POST /v3/clusters?action=nosuch", 422, "InvalidAction", "Invalid action: nosuch"],
      ["POST /v3/clusters", 422, "InvalidBodyContent", undefined],
      ["POST /v3/clusters/c-nosuch?action=generateKubeconfig", 404, "NotFound", undefined],
      ["GET /v3/clusters/a:b", 404, "NotFound", undefined],
      ["GET /v3/clusterregistrationtokens/foo", 404, "NotFound", undefined],
      ["GET /v3/clusters/%00", 404, "NotFound", undefined],
      ["GET /v3/clusters/%ff", 404, "NotFound", undefined],
      ["GET /v3/clusters/c-x/nosuch", 404, "NotFound", "Link not found"],
      ["PUT /v3/settings/cacerts", 405, "MethodNotAllow", "setting cacerts is read-only"],
    ])("norman 17, 18, 19, 24, 31: %s is %d %s", async (line, status, code, message) => {
      const reply = await asAdmin(line, line.startsWith("PUT") ? { body: { value: "x" } } : {});
      expect(reply.status).toBe(status);
      expect(reply.json).toMatchObject({
        type: "error",
        baseType: "error",
        status,
        code,
        message: message ?? expect.any(String),
      });
    });

    it("norman 19: HEAD is 405", async () => {
      expect((await asAdmin("HEAD /v3/clusters")).status).toBe(405);
    });

    it.each([
      ["clusters", "{}", "MissingRequired", "Cluster name"],
      ["clusters", '{"name":"Not_A_Label"}', "InvalidFormat", "name"],
      ["clusters", '{"name":"\\ud800"}', "InvalidCharacters", "name"],
      ["clusters", '{"name":"x","description":"\\u0000"}', "InvalidCharacters", "description"],
      ["clusters", '{"name":"First"}', undefined, undefined],
      ["clusters", '{"name":["x"]}', "InvalidFormat", "name"],
      ["clusters", '{"__proto__":{"name":"x"}}', "MissingRequired", "Cluster name"],
      ["clusters", "null", "InvalidBodyContent", undefined],
      ["clusters", "[]", "InvalidBodyContent", undefined],
      ["clusters", "1", "InvalidBodyContent", undefined],
      ["clusters", '"x"', "InvalidBodyContent", undefined],
      ["clusters", "{", "InvalidBodyContent", undefined],
      ["globalroles", '{"rules":[]}', "MissingRequired", "name"],
      ["globalrolebindings", '{"globalRoleId":"user","userId":"\\ud800"}', "InvalidCharacters", "userId"],
      ["globalrolebindings", '{"globalRoleId":"nosuch","userId":"u-x"}', "Invalid", "globalRoleId"],
      ["clusterregistrationtokens", '{"clusterId":"c-nosuch"}', "InvalidReference", "clusterId"],
      ["clusterregistrationtokens", '{"clusterId":"\\u0000"}', "InvalidCharacters", "clusterId"],
      ["clusterregistrationtokens", "{}", "MissingRequired", "clusterId"],
      ["tokens", '{"ttl":9007199254740993}', "InvalidFormat", "ttl"],
    ])("norman 18, 23, 40: POST %s with %s is 422 %s", async (type, body, code, fieldName) => {
      const reply = await asAdmin(`POST /v3/${type}`, { body });
      expect(reply.status, reply.text).toBe(422);
      expect(reply.json).toMatchObject({
        type: "error",
        ...(code === undefined ? {} : { code }),
        ...(fieldName === undefined ? {} : { fieldName }),
      });
    });

    it("norman 53, 40, 48: a name that is taken is 422 or 409", async () => {
      const again = await asAdmin("POST /v3/clusters", { body: { name: "first" } });
      expect(again.json).toMatchObject({ status: 422, code: "NotUnique" });
      const body = { clusterId, name: "default-token" };
      const token = await asAdmin("POST /v3/clusterregistrationtokens", { body });
      expect(token.json).toMatchObject({ type: "error", status: 409, code: "AlreadyExists" });
    });

    it.each([
      "/v3/clusterregistrationtokens?clusterId=%00",
      "/v3/clusterregistrationtokens?clusterId=%ed%a0%80",
      "/v3/clusters/%00/clusterregistrationtokens",
      "/v3/clusterregistrationtokens?clusterId=A_B",
    ])("a namespace that can be none finds nothing: %s", async (path) => {
      const reply = await asAdmin(`GET ${path}`);
      expect([reply.status, reply.json["data"]]).toEqual([200, []]);
    });

    it.each(["Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "impersonate-extra-x"])(
      "auth 26: %s on /v3 is refused, not ignored",
      async (name) => {
        const reply = await asAdmin("GET /v3/users", { headers: { [name]: "u-nosuch" } });
        expect(reply.json).toMatchObject({ status: 400, code: "BadRequest" });
      },
    );

    it.each(["localhost:65536", "localhost:99999", "1.2.3.256", "a b", "x/y"])(
      "the Host header %s is 400",
      async (host) => {
        for (const line of ["GET /v3/settings/server-url", "GET /healthz"])
          expect((await asAdmin(line, { headers: { host } })).status, line).toBe(400);
      },
    );

    it("auth 24: only public paths answer without a token", async () => {
      const open = [
        "/",
        "/ping",
        "/healthz",
        "/cacerts",
        "/rancherversion",
        "/v3/settings/cacerts",
        "/v3/settings/first-login",
      ];
      for (const path of open) expect((await rest(`GET ${path}`)).status, path).toBe(200);
      for (const path of [
        "/v3",
        "/v3/users",
        "/v3/settings",
        "/v3/settings/server-url",
        "/v3//settings/cacerts",
        "/v3/Settings/cacerts",
        "/v3/settings/cacerts/",
        "/v1",
        "/metrics",
        "/k8s/clusters/local/api",
        `/v3/clusters/${clusterId}`,
      ])
        expect((await rest(`GET ${path}`)).status, path).toBe(401);
      for (const line of [
        "PUT /v3/settings/cacerts",
        "POST /v3/settings/first-login?_method=GET",
        "DELETE /v3/settings/ui-pl",
      ])
        expect((await rest(line, { body: { value: "x" } })).status, line).toBe(401);
    });
  });

  describe("resources", () => {
    it("norman 27, 28, 40, 41: a cluster's envelope", async () => {
      const reply = await asAdmin(`GET /v3/clusters/${clusterId}`);
      const self = `${base}/v3/clusters/${clusterId}`;
      expect(clusterId).toMatch(/^c-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(reply.json).toMatchObject({
        id: clusterId,
        type: "cluster",
        baseType: "cluster",
        name: "first",
        creatorId: adminId,
        driver: "",
        nodeCount: 0,
        internal: false,
        defaultClusterRoleForProjectMembers: null,
        uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        links: { self, update: self, remove: self },
        actions: { generateKubeconfig: `${self}?action=generateKubeconfig` },
      });
      expect(reply.json["createdTS"]).toBe(Date.parse(String(reply.json["created"])));
      // norman 33
      const renamed = await asAdmin(`GET /v3/clusters/${clusterId}`, {
        headers: { "x-api-action-links": "true" },
      });
      expect(renamed.json["actions"]).toBeUndefined();
      expect(renamed.json["actionLinks"]).toEqual(reply.json["actions"]);
      // norman 6
      for (const type of ["cluster", "CLUSTERS", "Cluster"])
        expect((await asAdmin(`GET /v3/${type}/${clusterId}`)).json["id"]).toBe(clusterId);
    });

    it("norman 22, 25: PUT merges, ignores unknown and read-only keys, and _replace clears", async () => {
      const made = await newCluster("put", { description: "old", links: null, nosuch: 1, nodeCount: 7 });
      const path = `/v3/clusters/${String(made["id"])}`;
      expect(made).toMatchObject({ description: "old", nodeCount: 0 });
      const put = async (body: object, query = ""): Promise<Json> => {
        const reply = await asAdmin(`PUT ${path}${query}`, { body });
        expect(reply.status, reply.text).toBe(200);
        return reply.json;
      };
      const endpoint = { localClusterAuthEndpoint: { enabled: true, fqdn: "c.example" } };
      expect(await put({ name: "put", ...endpoint, nodeCount: 9, actions: null })).toMatchObject({
        description: "old",
        nodeCount: 0,
        ...endpoint,
      });
      // A known struct is merged, an array is replaced, null removes.
      expect(await put({ name: "put", localClusterAuthEndpoint: { enabled: false } })).toMatchObject({
        localClusterAuthEndpoint: { enabled: false, fqdn: "c.example" },
      });
      const [a, b] = [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ];
      await put({ name: "put", agentEnvVars: [a, b] });
      expect((await put({ name: "put", agentEnvVars: [b] }))["agentEnvVars"]).toEqual([b]);
      expect((await put({ name: "put", description: null }))["description"]).toBeUndefined();
      await put({ name: "put", description: "new" });
      const replaced = await put({ name: "put" }, "?_replace=true");
      expect([replaced["description"], replaced["agentEnvVars"]]).toEqual([undefined, undefined]);
      const both = await Promise.all([
        put({ name: "put", description: "x" }),
        put({ name: "put", desiredAgentImage: "i" }),
      ]);
      expect(both).toHaveLength(2);
      expect((await asAdmin(`GET ${path}`)).json).toMatchObject({ description: "x", desiredAgentImage: "i" });
    });

    it("norman 26: labels are replaced but for the server's, and the creator stays", async () => {
      const made = await newCluster("labels", {
        labels: { mine: "1", "x.cattle.io/theirs": "1" },
        annotations: { "field.cattle.io/creatorId": "u-other" },
      });
      const path = `/v3/clusters/${String(made["id"])}`;
      expect(made).toMatchObject({ labels: { mine: "1" }, creatorId: adminId });
      const body = { name: "labels", labels: {}, annotations: { "field.cattle.io/creatorId": "u-other" } };
      expect((await asAdmin(`PUT ${path}`, { body })).json).toMatchObject({ labels: {}, creatorId: adminId });
    });

    it.each(["POST %s?action=remove", "POST %s?_method=DELETE", "DELETE %s"])(
      "norman 30, 32: %s deletes",
      async (line) => {
        const role = await created("globalroles", { name: "gone", rules: [] });
        const path = `/v3/globalroles/${String(role["id"])}`;
        expect(await asAdmin(line.replace("%s", path))).toMatchObject({ status: 204, text: "" });
        expect((await asAdmin(`GET ${path}`)).status).toBe(404);
      },
    );

    it("norman 30: a cluster that is being removed says so, or is gone", async () => {
      const made = await newCluster("removed");
      const path = `/v3/clusters/${String(made["id"])}`;
      const reply = await asAdmin(`DELETE ${path}`);
      expect([200, 204]).toContain(reply.status);
      const after = await asAdmin(`GET ${path}`);
      if (after.status !== 404) expect(after.json["state"]).toBe("removing");
    });

    it("norman 34: a browser needs the CSRF cookie's value for every write", async () => {
      const ask = { token: admin, headers: browser };
      const [cookie = ""] = (await rest("GET /v3/clusters", ask)).cookies;
      expect(cookie).toMatch(/^CSRF=[0-9a-f]{32}; Path=\/; Secure; SameSite=Lax$/);
      const value = cookie.slice(5, 37);
      const write = async (headers: Record<string, string>, query = ""): Promise<number> =>
        (
          await rest(`POST /v3/globalroles${query}`, {
            ...ask,
            headers: { ...browser, ...headers },
            body: {},
          })
        ).status;
      const wrong = await rest("POST /v3/globalroles", { ...ask, body: {} });
      expect(wrong.json).toMatchObject({ status: 422, code: "InvalidCSRFToken" });
      for (const headers of [
        { "x-api-csrf": value },
        { cookie: `CSRF=${value}` },
        { cookie: `CSRF=${value}`, "x-api-csrf": `${value}0` },
        { cookie: "CSRF=", "x-api-csrf": "" },
      ])
        expect(
          (await rest("DELETE /v3/globalroles/nosuch", { ...ask, headers: { ...browser, ...headers } })).json,
        ).toMatchObject({ code: "InvalidCSRFToken" });
      // Passed: what it refuses now is the empty body.
      const passed = await rest("POST /v3/globalroles", {
        ...ask,
        headers: { ...browser, cookie: `CSRF=${value}`, "x-api-csrf": value },
        body: {},
      });
      expect(passed.json).toMatchObject({ code: "MissingRequired" });
      expect(await write({ cookie: `CSRF=${value}` }, `?CSRF=${value}`)).toBe(422);
    });
  });

  describe("lists", () => {
    const names = ["list-b", "list-a", "list-c"];
    beforeAll(async () => {
      for (const name of names) await created("globalroles", { name, rules: [], description: "listed" });
    });
    const listed = async (query: string): Promise<Reply> => asAdmin(`GET /v3/globalroles?${query}`);
    const namesOf = (reply: Reply): unknown[] => itemsOf(reply).map(({ name }) => name);

    it("norman 10, 14, 15: the envelope of a collection", async () => {
      const reply = await listed("description=listed&sort=name&order=desc");
      expect(reply.json).toMatchObject({
        type: "collection",
        resourceType: "globalRole",
        links: { self: `${base}/v3/globalroles` },
        actions: {},
        createTypes: { globalRole: `${base}/v3/globalroles` },
        pagination: { limit: 1000, total: 3 },
        sort: {
          name: "name",
          order: "desc",
          reverse: `${base}/v3/globalroles?description=listed&sort=name&order=asc`,
        },
        filters: { description: [{ modifier: "eq", value: "listed" }], name: null },
      });
      expect(namesOf(reply)).toEqual(["list-c", "list-b", "list-a"]);
      const empty = await listed("name=nosuch");
      expect(empty.json).toMatchObject({ data: [], pagination: { limit: 1000, total: 0 } });
    });

    it.each([
      ["name=list-a", ["list-a"]],
      ["name_eq=list-a&name=list-b", []],
      ["name_in=list-a&name_in=list-b", ["list-a", "list-b"]],
      ["name_in=list-a,list-b", []],
      ["description=listed&name_ne=list-a&name_ne=list-b", ["list-b", "list-c"]],
      ["description=listed&name_notin=list-a&name_notin=list-b", ["list-c"]],
      ["description=listed&removed_null=1&system=false&nosuch=1&rules=x", names.toSorted()],
      ["description=listed&builtin=false", names.toSorted()],
      ["description=listed&builtin=true", []],
      ["description=listed&__proto__=1&constructor=x", names.toSorted()],
    ])("norman 11, 12, 13: the filter %s", async (query, expected) => {
      expect(namesOf(await listed(`${query}&sort=name`))).toEqual(expected);
    });

    it("norman 14: sorts by id without a valid sort", async () => {
      for (const query of ["", "sort=nosuch", "sort=rules", "sort=__proto__"]) {
        const ids = idsOf(await listed(query)).map(String);
        expect(ids, query).toEqual(ids.toSorted());
      }
    });

    it("norman 9: pages visit every id once", async () => {
      const all = idsOf(await listed(""));
      const seen: unknown[] = [];
      let path: string | undefined = "/v3/globalroles?limit=2";
      let pages = 0;
      while (path !== undefined) {
        const reply: Reply = await asAdmin(`GET ${path}`);
        seen.push(...idsOf(reply));
        const page = reply.json["pagination"] as Record<string, string | undefined>;
        expect(page).toMatchObject({ limit: 2, total: all.length, partial: true });
        path = page["next"]?.slice(base.length);
        pages++;
      }
      expect(seen).toEqual(all);
      expect(pages).toBe(Math.ceil(all.length / 2));
      for (const [limit, used] of [
        ["-1", 10_000],
        ["99999", 10_000],
        ["x", 1000],
        ["0", 1000],
      ] as const)
        expect((await listed(`limit=${limit}`)).json).toMatchObject({ pagination: { limit: used } });
      expect(idsOf(await listed("marker=nosuch"))).toEqual(all);
    });

    it("norman 16, 37: users?me=true and a cluster's own tokens", async () => {
      expect(idsOf(await asAdmin("GET /v3/users?me=true"))).toEqual([adminId]);
      await newCluster("other-list");
      const below = await asAdmin(`GET /v3/clusters/${clusterId}/clusterregistrationtokens`);
      const filtered = await asAdmin(`GET /v3/clusterregistrationtokens?clusterId=${clusterId}`);
      expect(idsOf(below)).toEqual(idsOf(filtered));
      expect(idsOf(below).length).toBeGreaterThan(0);
      for (const id of idsOf(below)) expect(id).toMatch(new RegExp(`^${clusterId}:`));
      const forced = await asAdmin(`POST /v3/clusters/${clusterId}/clusterregistrationtokens`, {
        body: { clusterId: "c-other" },
      });
      expect(forced.json).toMatchObject({ clusterId });
    });
  });
});
