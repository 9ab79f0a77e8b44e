/** Settings, what anyone may read, registration tokens and import manifests, through HTTP (norman-v3.md 8). */
import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiClient, startApi } from "./api-session.ts";
import type { ApiSession } from "./api-session.ts";
import type { Json, Reply } from "./rest.ts";

describe("the API", () => {
  let session: ApiSession;
  let base: string;
  let admin: string;
  let adminId: string;
  /** An imported cluster without an agent, and its registration token. */
  let clusterId: string;
  let registration: Json;
  const { rest, asAdmin, created, newCluster, registrationOf } = apiClient(() => session);

  beforeAll(async () => {
    session = await startApi();
    ({ admin, adminId } = session);
    base = session.drover.url;
    const cluster = await newCluster("first", {
      agentEnvVars: [{ name: "HTTP_PROXY", value: 'http://p"$(id)`' }],
      localClusterAuthEndpoint: { enabled: true },
    });
    clusterId = String(cluster["id"]);
    registration = await registrationOf(clusterId);
  }, 120_000);

  afterAll(async () => {
    await session?.stop();
  }, 60_000);

  describe("settings", () => {
    it("norman 59: show where their value comes from", async () => {
      const setting = async (name: string): Promise<Json> => (await asAdmin(`GET /v3/settings/${name}`)).json;
      expect(await setting("password-min-length")).toMatchObject({
        value: "12",
        source: "default",
        customized: false,
      });
      const put = await asAdmin("PUT /v3/settings/ui-pl", { body: { value: "acme" } });
      expect(put.json).toMatchObject({
        id: "ui-pl",
        value: "acme",
        default: "rancher",
        source: "db",
        customized: true,
      });
      expect((await rest("GET /v3/settings/ui-pl")).json).toMatchObject({ value: "acme", type: "setting" });
      expect(await setting("cacerts")).toMatchObject({ source: "env" });
      expect(await setting("server-version")).toMatchObject({
        value: expect.stringMatching(/^v\d+\.\d+\.\d+/),
      });
      expect((await asAdmin("GET /v3/settings/k8s-version")).status).toBe(200);
    });

    it.each([
      ["auth-image", "a\n- b"],
      ["auth-image", "UPPER"],
      ["agent-image", "a b"],
      ["server-url", "http://plain.example"],
      ["server-url", "https://x.example/path"],
      ["password-min-length", "1"],
      ["auth-user-session-idle-ttl-minutes", "99999"],
      ["first-login", "maybe"],
    ])("refuses %s = %j", async (name, value) => {
      const reply = await asAdmin(`PUT /v3/settings/${name}`, { body: { value } });
      expect(reply.json).toMatchObject({ status: 422, fieldName: "value" });
    });
  });

  describe("what anyone may read", () => {
    it("GET /healthz, /ping and the CA", async () => {
      expect((await rest("GET /healthz")).text).toBe("ok");
      // norman 64
      expect((await rest("GET /ping")).text).toBe("pong");
      const { text, headers } = await rest("GET /cacerts");
      expect(text).toBe(`${session.drover.ca.trim()}\n`);
      expect(headers["content-type"]).toMatch(/^text\/plain/);
      const setting = await rest("GET /v3/settings/cacerts");
      expect(setting.json).toMatchObject({ id: "cacerts", name: "cacerts", value: session.drover.ca.trim() });
      expect((await rest("GET /rancherversion")).json).toMatchObject({ RancherPrime: "false" });
    });

    it("/cacerts proves itself to who knows a registration token (tunnel.md 2.2)", async () => {
      const proof = (token: string, nonce: string, body: string): string =>
        createHmac("sha512", token).update(`${nonce}\0${body}\0`).digest("base64");
      const bearer = (token: string): string => createHash("sha256").update(token).digest("base64");
      // The reference's vector holds for the formula that the answer is compared with.
      expect(bearer("t0ken")).toBe("tGwJZ3NDJh8LQ5pHJCIiXjojDJwJTWqxZ2LiA2tZcFM=");
      expect(proof("t0ken", "nonce1", "CA\n")).toBe(
        "CLVsn7ALYH36JLBIeTgHQ+qTkAAdKIAKvyrYp0M8CW8hgobMAPmgB3OlnHrNa+cHBfd8bUUSozpNM11Axe7y2w==",
      );
      const token = String(registration["token"]);
      const ask = async (headers: Record<string, string>): Promise<Reply> =>
        rest("GET /cacerts", { headers });
      const known = { "x-cattle-nonce": "nonce1", authorization: `Bearer ${bearer(token)}` };
      const reply = await ask(known);
      expect(reply.headers["x-cattle-hash"]).toBe(proof(token, "nonce1", reply.text));
      for (const headers of [
        { "x-cattle-nonce": "nonce1" },
        { authorization: known.authorization },
        { ...known, authorization: `Bearer ${bearer("t0ken")}` },
        { ...known, authorization: `Bearer ${token}` },
        { ...known, authorization: "Bearer %00" },
      ]) {
        const other = await ask(headers);
        expect([other.status, other.headers["x-cattle-hash"], other.text]).toEqual([
          200,
          undefined,
          reply.text,
        ]);
      }
    });
  });

  describe("importing", () => {
    it("norman 48: a registration token has all its commands", () => {
      const token = String(registration["token"]);
      const manifest = `${base}/v3/import/${token}_${clusterId}.yaml`;
      const sum = createHash("sha256").update(`${session.drover.ca.trim()}\n`).digest("hex");
      // What would expand in a root shell is escaped.
      const env = 'HTTP_PROXY="http://p\\"\\$(id)\\`"';
      expect(token).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{54}$/);
      expect(registration).toMatchObject({
        id: `${clusterId}:default-token`,
        clusterId,
        state: "active",
        manifestUrl: manifest,
        command: `kubectl apply -f ${manifest}`,
        insecureCommand: `curl --insecure -sfL ${manifest} | kubectl apply -f -`,
        nodeCommand:
          `${env} curl -fL ${base}/system-agent-install.sh | sudo ${env} sh -s - --server ${base}` +
          ` --label 'cattle.io/os=linux' --token ${token} --ca-checksum ${sum}`,
        insecureNodeCommand: expect.stringContaining("curl --insecure -fL"),
        windowsNodeCommand: expect.stringContaining(`-CaChecksum ${sum}`),
        insecureWindowsNodeCommand: expect.stringContaining("curl.exe --insecure -fL"),
      });
    });

    const importPath = (suffix = "", token = String(registration["token"]), id = clusterId): string =>
      `/v3/import/${token}_${id}.yaml${suffix}`;

    it("norman 48: the manifest is YAML, without authentication", async () => {
      const reply = await rest(`GET ${importPath()}`);
      expect(reply.status).toBe(200);
      expect(reply.headers["content-type"]).toMatch(/^text\/plain/);
      expect(reply.text.split(/^---$/m).length).toBeGreaterThan(8);
      expect(reply.text.includes('name: "cattle-cluster-agent"')).toBe(true);
    });

    it.each([
      ["another name", "/v3/import/x.yaml", 404],
      ["a name without .yaml", "/v3/import/a_c-abcde", 404],
      ["another extension", "/v3/import/a_c-abcde.yml", 404],
      ["a token with a quote", "/v3/import/a'b_c-abcde.yaml", 404],
      ["an unknown token", `/v3/import/${"b".repeat(54)}_c-abcde.yaml`, 400],
      ["NUL", "/v3/import/%00_c-abcde.yaml", 404],
    ])("tunnel 40: a manifest of %s is not there", async (_, path, status) => {
      expect((await rest(`GET ${path}`)).status).toBe(status);
    });

    it("tunnel 40, norman 48, auth 23: a token opens the manifest of its own cluster alone", async () => {
      const other = String((await newCluster("other-import"))["id"]);
      const refused = await rest(`GET ${importPath("", undefined, other)}`);
      expect([refused.status, refused.text.trim()]).toEqual([400, "cluster not found or invalid token"]);
    });

    it.each([
      "UPPER",
      "a b",
      "a\nb",
      "a: b",
      "a\n---\nkind: Pod",
      "x'",
      'x"',
      "$(id)",
      "a/../b",
      "a".repeat(300),
    ])("tunnel 40: authImage %j is 400 and never in the YAML", async (image) => {
      const reply = await rest(`GET ${importPath(`?authImage=${encodeURIComponent(image)}`)}`);
      expect([reply.status, reply.text]).toEqual([400, "invalid authImage - not an image reference\n"]);
    });

    it("authImage that is one is used for kube-api-auth", async () => {
      const image = "registry.example:5000/drover/auth:v1";
      const reply = await rest(`GET ${importPath(`?authImage=${encodeURIComponent(image)}`)}`);
      expect(reply.status).toBe(200);
      expect(reply.text.includes(`image: "${image}"`)).toBe(true);
    });

    it("norman 45: generateKubeconfig works with a session and with an API key, and its token is listed", async () => {
      const key = String((await created("tokens", { description: "cli" }))["token"]);
      for (const token of [admin, key]) {
        const reply = await rest(`POST /v3/clusters/${clusterId}?action=generateKubeconfig`, { token });
        expect(reply.status, reply.text).toBe(200);
        expect(reply.json["type"]).toBe("generateKubeConfigOutput");
        const minted = /token: ["']?(kubeconfig-[^"'\s]+)/.exec(String(reply.json["config"]))?.[1] ?? "";
        const name = minted.split(":")[0] ?? "";
        const listed = await asAdmin(`GET /v3/tokens/${name}`);
        expect(listed.json).toMatchObject({ enabled: true, expired: false, userId: adminId });
        // It is known, and the cluster has no agent.
        expect((await rest(`GET /k8s/clusters/${clusterId}/version`, { token: minted })).status).toBe(503);
      }
    });
  });
});
