/** `/meta/proxy` (tunnel.md 4.8, check 53): which hosts are asked, and what goes out and comes back. */
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";

const password = "meta proxy passphrase";

describe("/meta/proxy", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let user: Connection & { token: string };
  let cloud: Server;
  let other: Server;
  let seen: { url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  let contacted = 0;
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    cloud = createServer((incoming, outgoing) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        const { url = "", headers } = incoming;
        seen.push({ url, headers, body });
        if (url.startsWith("/redirect"))
          outgoing.writeHead(302, { location: `http://127.0.0.1:${portOf(other)}/stolen` });
        else if (url.startsWith("/digest") && headers.authorization === undefined)
          outgoing.writeHead(401, { "www-authenticate": 'Digest realm="r", nonce="n", qop="auth"' });
        else outgoing.writeHead(200, { "set-cookie": ["R_SESS=evil; Path=/", "b=c"], "x-kept": "yes" });
        outgoing.end("answer");
      });
    });
    other = createServer((_incoming, outgoing) => {
      contacted++;
      outgoing.end("secret");
    });
    await Promise.all(
      [cloud, other].map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    );
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    admin = await loginAs(drover, "admin", password);
    await callJson(admin, "PUT", "/v3/settings/whitelist-domain", {
      value: `forums.rancher.com,127.0.0.1:${portOf(cloud)}`,
    });
    await callJson(admin, "POST", "/v3/users", { username: "plain", password: "plain user passphrase" });
    user = await loginAs(drover, "plain", "plain user passphrase");
    await callJson(admin, "POST", "/k8s/clusters/local/api/v1/namespaces/cattle-global-data/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "cc-abcde", namespace: "cattle-global-data" },
      stringData: {
        "somecredentialConfig-user": "ada",
        "somecredentialConfig-token": "cloud-secret",
        "somecredentialConfig-accessKey": "AKID",
        "somecredentialConfig-secretKey": "key",
      },
    });
  }, 120_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    cloud?.close();
    other?.close();
  }, 60_000);

  const listed = (rest: string): string => `/meta/proxy/http:/127.0.0.1:${portOf(cloud)}${rest}`;

  function ask(
    path: string,
    headers: Record<string, string> = {},
    who: { token?: string } = admin,
    method = "GET",
    body?: string,
  ): Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }> {
    const { port, ca } = drover;
    const auth = who.token === undefined ? {} : { authorization: `Bearer ${who.token}` };
    return new Promise((resolve, reject) => {
      request({ host: "localhost", port, ca, path, method, headers: { ...auth, ...headers } }, (incoming) => {
        let text = "";
        incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
        incoming.on("end", () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      })
        .on("error", reject)
        .end(body);
    });
  }

  it("tunnel 53: forwards to a listed host, without the caller's own cookies and tokens; Set-Cookie is renamed", async () => {
    seen = [];
    const answer = await ask(
      listed("/v2/x%2Fy?a=%20b"),
      {
        cookie: "CSRF=1; R_OIDC_ID=x",
        "x-api-auth-header": "Bearer cloud",
        "x-api-cookie-header": "mine=1",
        "x-forwarded-for": "10.0.0.1",
        "impersonate-user": "someone",
        "content-type": "application/json",
      },
      user,
      "POST",
      '{"a":1}',
    );
    expect(answer).toMatchObject({
      status: 200,
      text: "answer",
      headers: {
        "x-kept": "yes",
        "x-api-set-cookie-header": "R_SESS=evil; Path=/, b=c",
        "content-security-policy": expect.stringContaining("sandbox"),
        "x-content-type-options": "nosniff",
      },
    });
    expect(answer.headers["set-cookie"]).toBeUndefined();
    const [{ url, headers, body } = { url: "", headers: {}, body: "" }] = seen;
    expect([url, body]).toEqual(["/v2/x%2Fy?a=%20b", '{"a":1}']);
    expect(headers).toMatchObject({
      host: `127.0.0.1:${portOf(cloud)}`,
      authorization: "Bearer cloud",
      cookie: "mine=1",
    });
    expect(JSON.stringify(headers)).not.toContain(user.token);
    for (const name of ["x-forwarded-for", "impersonate-user", "x-drover-client-ip", "x-api-auth-header"])
      expect(headers).not.toHaveProperty(name);
  });

  it("tunnel 53: never asks a host that is not listed, nor one that a listed host redirects to", async () => {
    for (const path of [
      `/meta/proxy/http:/127.0.0.1:${portOf(other)}/`,
      `/meta/proxy/http:/localhost:${portOf(other)}/`,
      `/meta/proxy/http://127.1:${portOf(other)}/`,
      `/meta/proxy/http://[::ffff:127.0.0.1]:${portOf(other)}/`,
      "/meta/proxy/http:/169.254.169.254/latest/meta-data/",
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 403]);
    const redirected = await ask(listed("/redirect"));
    expect([redirected.status, redirected.headers.location]).toEqual([
      302,
      `http://127.0.0.1:${portOf(other)}/stolen`,
    ]);
    expect((await ask(`/meta/proxy/http:/a@127.0.0.1:${portOf(cloud)}/`)).status).toBe(400);
    expect(contacted).toBe(0);
  });

  it("is for users alone, and not for foreign pages with a user's session", async () => {
    seen = [];
    expect((await ask(listed("/"), {}, {})).status).toBe(401);
    const cookie = { cookie: `R_SESS=${admin.token}` };
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }])
      expect((await ask(listed("/"), { ...cookie, ...headers }, {})).status).toBe(403);
    expect(seen).toEqual([]);
    expect((await ask(listed("/"), { ...cookie, "sec-fetch-site": "same-origin" }, {})).status).toBe(200);
  });

  it.each([
    ["bearer", "passwordField=token", "/", "Bearer cloud-secret"],
    ["basic", "usernameField=user passwordField=token", "/", `Basic ${btoa("ada:cloud-secret")}`],
    [
      "digest",
      "usernameField=user passwordField=token",
      "/digest?x",
      expect.stringMatching(
        /^Digest username="ada", realm="r", nonce="n", uri="\/digest\?x", response="[0-9a-f]{32}", qop=auth/,
      ),
    ],
    [
      "awsv4",
      "",
      "/",
      expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/.*SignedHeaders=host;x-amz-content-sha256;x-amz-date, /,
      ),
    ],
  ])("signs by a cloud credential (%s), for who may read it", async (signer, fields, path, expected) => {
    seen = [];
    const line = { "x-api-cattleauth-header": `${signer} credID=cattle-global-data:cc-abcde ${fields}` };
    const refused = await ask(listed(path), line, user);
    expect(refused.status).toBe(403);
    expect(seen).toEqual([]);
    expect((await ask(listed(path), line, admin, "POST", "body")).status).toBe(200);
    expect(seen.at(-1)).toMatchObject({ headers: { authorization: expected }, body: "body" });
  });

  it("signs with headers that the caller names, and refuses what is no signer or no credential", async () => {
    seen = [];
    await ask(listed("/"), { "x-api-cattleauth-header": "arbitrary headers=X-Key=a,X-Other=b=c" }, user);
    expect(seen[0]?.headers).toMatchObject({ "x-key": "a", "x-other": "b=c" });
    for (const [line, status] of [
      ["kerberos credID=cattle-global-data:cc-abcde", 400],
      ["bearer passwordField=token", 400],
      ["bearer credID=default:x passwordField=token", 400],
      ["bearer credID=cattle-global-data:cc-absent passwordField=token", 403],
      ["bearer credID=cattle-global-data:cc-abcde passwordField=absent", 400],
      ["arbitrary headers=Cookie=x", 400],
    ] as const)
      expect([line, (await ask(listed("/"), { "x-api-cattleauth-header": line })).status]).toEqual([
        line,
        status,
      ]);
  });
});
