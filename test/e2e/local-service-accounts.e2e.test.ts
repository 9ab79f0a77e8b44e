/** Service accounts of the management store (issue 4, requirements 5 and 6): stock kubectl, client-go and an OIDC verifier. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildClientGo, startClientGo } from "../clientgo/clientgo.ts";
import type { KubectlResult } from "../testbed/kubectl.ts";
import { call, eventually } from "./drover.ts";
import type { Answer, Drover } from "./drover.ts";
import { kubectlOf, startLocal, writeLocalKubeconfig } from "./local.ts";
import type { Local } from "./local.ts";

interface Claims {
  readonly iss: string;
  readonly aud: readonly string[];
  readonly sub: string;
  readonly exp: number;
  readonly iat: number;
  readonly "kubernetes.io": { readonly secret?: { readonly name: string } };
}

const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Claims;

interface Review {
  readonly status: {
    readonly authenticated?: boolean;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[];
    };
    readonly audiences?: readonly string[];
    readonly error?: string;
  };
}

describe("service accounts of the management store", () => {
  let local: Local;
  let drover: Drover;
  let admin: Local["admin"];
  let home: string;
  let clientGo: string;

  const { run, kubectl } = kubectlOf(() => local);
  const createToken = async (name: string, ...more: string[]): Promise<string> =>
    (await kubectl(["-n", "apps", "create", "token", name, ...more])).trim();
  const apply = (object: object): Promise<string> =>
    kubectl(["apply", "-f", "-"], { input: JSON.stringify({ apiVersion: "v1", ...object }) });
  /** kubectl with a bearer token in place of the administrator's. */
  const as = async (token: string, args: readonly string[]): Promise<KubectlResult> => {
    const path = join(home, "as");
    writeLocalKubeconfig(path, drover, token);
    return run(args, { env: { KUBECONFIG: path } });
  };
  const get = (token: string, path: string): Promise<Answer> =>
    call({ server: drover.url, ca: drover.ca, token }, "GET", path);
  const review = async (spec: object): Promise<Review> => {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec };
    const text = await kubectl(["create", "-f", "-", "-o", "json"], { input: JSON.stringify(body) });
    return JSON.parse(text) as Review;
  };
  const legacySecret = (name: string, account: string): Promise<string> =>
    apply({
      kind: "Secret",
      metadata: { name, namespace: "apps", annotations: { "kubernetes.io/service-account.name": account } },
      type: "kubernetes.io/service-account-token",
    });
  const dataOf = (name: string): Promise<Record<string, string>> =>
    eventually(`the Secret ${name} is filled`, 10_000, async () => {
      const text = await kubectl(["-n", "apps", "get", "secret", name, "-o", "jsonpath={.data}"]);
      const data = JSON.parse(text === "" ? "{}" : text) as Record<string, string>;
      return data["token"] === undefined ? undefined : data;
    });

  beforeAll(async () => {
    [local, clientGo] = await Promise.all([startLocal(), buildClientGo((line) => console.error(line))]);
    ({ drover, admin, home } = local);
    await kubectl(["create", "namespace", "apps"]);
    await kubectl(["-n", "apps", "create", "serviceaccount", "robot"]);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("gives a token by kubectl create token, whose bearer is the service account", async () => {
    const token = await createToken("robot");
    const claims = claimsOf(token);
    expect(claims).toMatchObject({
      iss: drover.url,
      aud: [drover.url],
      sub: "system:serviceaccount:apps:robot",
    });
    expect(claims.exp - claims.iat).toBe(3_600);
    const who = await as(token, ["auth", "whoami", "-o", "json"]);
    expect(who.stderr).toBe("");
    const { userInfo } = (JSON.parse(who.stdout) as { status: { userInfo: Record<string, unknown> } }).status;
    const uid = await kubectl(["-n", "apps", "get", "sa", "robot", "-o", "jsonpath={.metadata.uid}"]);
    expect(userInfo).toEqual({
      username: "system:serviceaccount:apps:robot",
      uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:apps", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^JTI=[0-9a-f-]{36}$/)] },
    });
    // Nobody has given it anything.
    const denied = await as(token, ["-n", "apps", "get", "secrets"]);
    expect(denied.stderr).toContain('User "system:serviceaccount:apps:robot" cannot list resource "secrets"');
  });

  it("has the rights that RBAC gives it, alone or as one of all service accounts", async () => {
    const token = await createToken("robot");
    const bind = (kind: string, name: string, ...subject: string[]): Promise<string> =>
      kubectl(["-n", "apps", "create", kind, name, ...subject]);
    await bind("role", "reader", "--verb=get,list", "--resource=configmaps");
    await bind("rolebinding", "robots-read", "--role=reader", "--serviceaccount=apps:robot");
    await kubectl(["-n", "apps", "create", "configmap", "shown", "--from-literal=a=1"]);
    await eventually("the binding works", 12_000, async () =>
      (await as(token, ["-n", "apps", "get", "configmap", "shown"])).code === 0 ? true : undefined,
    );
    expect((await as(token, ["get", "configmaps", "-A"])).stderr).toContain("cannot list resource");
    expect((await as(token, ["-n", "apps", "delete", "configmap", "shown"])).stderr).toContain(
      "cannot delete",
    );
    // Not the right to make oneself tokens of others.
    expect((await as(token, ["-n", "apps", "create", "token", "robot"])).stderr).toContain(
      'cannot create resource "serviceaccounts/token"',
    );
    await kubectl([
      "-n",
      "apps",
      "create",
      "role",
      "minter",
      "--verb=create",
      "--resource=serviceaccounts/token",
    ]);
    await bind("rolebinding", "group-mints", "--role=minter", "--group=system:serviceaccounts:apps");
    await eventually("the group's binding works", 12_000, async () =>
      (await as(token, ["-n", "apps", "create", "token", "robot"])).code === 0 ? true : undefined,
    );
  });

  it("lists the subresource, and takes durations as Kubernetes does", async () => {
    const core = await kubectl(["get", "--raw", "/api/v1"]);
    expect(core).toContain(
      '{"name":"serviceaccounts/token","singularName":"","namespaced":true,"group":"authentication.k8s.io","version":"v1","kind":"TokenRequest","verbs":["create"]}',
    );
    const { exp, iat } = claimsOf(await createToken("robot", "--duration", "24h"));
    expect(exp - iat).toBe(86_400);
    const failure = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await run(["-n", "apps", "create", "token", ...args]);
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await failure("robot", "--duration", "9m59s")).toContain(
      "may not specify a duration less than 10 minutes",
    );
    expect(await failure("robot", "--duration", "1193047h")).toContain("larger than 2^32 seconds");
    expect(await failure("nobody")).toContain('serviceaccounts "nobody" not found');
    expect(await failure("robot", "--bound-object-kind", "Secret", "--bound-object-name", "none")).toContain(
      'secrets "none" not found',
    );
    expect(await failure("robot", "--bound-object-kind", "Pod", "--bound-object-name", "p")).toContain(
      "cannot bind",
    );
    const read = await run(["get", "--raw", "/api/v1/namespaces/apps/serviceaccounts/robot/token"]);
    expect(read.stderr).toContain("MethodNotAllowed");
  });

  it("gives tokens for others, which are none for itself", async () => {
    const token = await createToken("robot", "--audience", "vault", "--audience", "registry");
    expect(claimsOf(token).aud).toEqual(["vault", "registry"]);
    expect((await as(token, ["auth", "whoami"])).stderr).toMatch(/Unauthorized|must be logged in/i);
    expect((await review({ token, audiences: ["registry", "x"] })).status).toMatchObject({
      authenticated: true,
      user: { username: "system:serviceaccount:apps:robot" },
      audiences: ["registry"],
    });
    const { status } = await review({ token });
    expect(status.authenticated).toBeUndefined();
    expect(status.error).toContain("is invalid for the target audiences");
  });

  it("reviews its own tokens and those of users, and nobody else's", async () => {
    const own = await review({ token: await createToken("robot") });
    expect(own.status).toMatchObject({ authenticated: true, audiences: [drover.url] });
    const users = await review({ token: admin.token });
    expect(users.status).toMatchObject({
      authenticated: true,
      user: { groups: expect.arrayContaining(["system:authenticated"]) as string[] },
    });
    for (const token of ["token-abcde:wrong", "a.b.c", admin.token.slice(0, -1)])
      expect((await review({ token })).status).toEqual({
        user: {},
        error: expect.stringContaining("invalid"),
      });
    const empty = await run(["create", "-f", "-"], {
      input: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: {} }),
    });
    expect(empty.stderr).toContain("token is required");
  });

  it("auth 17: is known to the management objects alone, never to a cluster or /v3", async () => {
    const token = await createToken("robot");
    for (const path of ["/k8s/clusters/local/api/v1", "/api/v1", "/apis", "/version"])
      expect((await get(token, path)).status).toBe(200);
    for (const path of [
      "/k8s/clusters/c-other/api",
      "/k8s/clusters/localfoo/api",
      "/k8s/proxy/local/api",
      "/v3",
      "/v3/users?me=true",
      "/v3/clusters/local",
      "/v1/clusters",
    ])
      expect([path, (await get(token, path)).status]).toEqual([path, 401]);
  });

  it("fills a service-account-token Secret, whose token ends with it", async () => {
    await legacySecret("robot-token", "robot");
    const data = await dataOf("robot-token");
    const decoded = (key: string): string => Buffer.from(data[key] ?? "", "base64").toString();
    expect(decoded("namespace")).toBe("apps");
    expect(decoded("ca.crt").trim()).toBe(drover.ca.trim());
    const token = decoded("token");
    expect(claimsOf(token)).toEqual({
      iss: "kubernetes/serviceaccount",
      "kubernetes.io/serviceaccount/namespace": "apps",
      "kubernetes.io/serviceaccount/secret.name": "robot-token",
      "kubernetes.io/serviceaccount/service-account.name": "robot",
      "kubernetes.io/serviceaccount/service-account.uid": expect.any(String) as string,
      sub: "system:serviceaccount:apps:robot",
    });
    expect((await as(token, ["auth", "whoami"])).stdout).toContain("system:serviceaccount:apps:robot");
    expect(await kubectl(["-n", "apps", "describe", "secret", "robot-token"])).toMatch(
      /kubernetes\.io\/service-account\.uid: [0-9a-f-]{36}/,
    );
    await kubectl(["-n", "apps", "delete", "secret", "robot-token"]);
    await eventually("the token is refused", 12_000, async () =>
      (await get(token, "/api/v1")).status === 401 ? true : undefined,
    );
  });

  it("refuses such a Secret without an account's name, and removes one of an account that is not there", async () => {
    const nameless = await run(["apply", "-f", "-"], {
      input: JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "nameless", namespace: "apps" },
        type: "kubernetes.io/service-account-token",
      }),
    });
    expect(nameless.stderr).toContain(
      "metadata.annotations[kubernetes.io/service-account.name]: Required value",
    );
    await legacySecret("orphan", "nobody");
    await eventually("the orphan is removed", 10_000, async () =>
      (await run(["-n", "apps", "get", "secret", "orphan"])).stderr.includes("NotFound") ? true : undefined,
    );
  });

  it("auth 16: believes no token of a Secret or an account that is gone, nor of the next one with its name", async () => {
    await kubectl(["-n", "apps", "create", "serviceaccount", "going"]);
    await kubectl(["-n", "apps", "create", "secret", "generic", "anchor"]);
    await legacySecret("going-token", "going");
    const legacy = Buffer.from((await dataOf("going-token"))["token"] ?? "", "base64").toString();
    const bound = await createToken(
      "going",
      "--bound-object-kind",
      "Secret",
      "--bound-object-name",
      "anchor",
    );
    const plain = await createToken("going");
    expect(claimsOf(bound)["kubernetes.io"].secret?.name).toBe("anchor");
    const refused = (what: string, token: string): Promise<true> =>
      eventually(`${what} is refused`, 12_000, async () =>
        (await get(token, "/api/v1")).status === 401 ? true : undefined,
      );
    for (const token of [legacy, bound, plain]) expect((await get(token, "/api/v1")).status).toBe(200);
    await kubectl(["-n", "apps", "delete", "secret", "anchor"]);
    await refused("the bound token", bound);
    expect((await get(plain, "/api/v1")).status).toBe(200);
    await kubectl(["-n", "apps", "delete", "serviceaccount", "going"]);
    await refused("the plain token", plain);
    await refused("the token of the Secret", legacy);
    await eventually("the Secret is removed", 10_000, async () =>
      (await run(["-n", "apps", "get", "secret", "going-token"])).stderr.includes("NotFound")
        ? true
        : undefined,
    );
    await kubectl(["-n", "apps", "create", "serviceaccount", "going"]);
    expect((await get(plain, "/api/v1")).status).toBe(401);
  });

  it("serves a program with its token in a file, which an OpenID Connect verifier believes", async () => {
    const files = { token: join(home, "token"), ca: join(home, "ca.crt") };
    writeFileSync(
      files.token,
      await createToken("robot", "--audience", drover.url, "--audience", "verifier"),
    );
    writeFileSync(files.ca, drover.ca);
    const client = startClientGo(clientGo, "account", "", {
      host: `${drover.url}/k8s/clusters/local`,
      ca: files.ca,
      "token-file": files.token,
      issuer: drover.url,
      audience: "verifier",
    });
    try {
      expect(await client.next("account")).toMatchObject({
        user: { username: "system:serviceaccount:apps:robot" },
        subject: "system:serviceaccount:apps:robot",
        issuer: drover.url,
        refused: true,
      });
    } finally {
      await client.stop();
    }
    for (const prefix of ["", "/k8s/clusters/local"]) {
      const found = await get(admin.token, `${prefix}/.well-known/openid-configuration`);
      expect(JSON.parse(found.text)).toEqual({
        issuer: drover.url,
        jwks_uri: `${drover.url}/openid/v1/jwks`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
      const keys = await get(admin.token, `${prefix}/openid/v1/jwks`);
      expect(Object.keys((JSON.parse(keys.text) as { keys: object[] }).keys[0] ?? {}).toSorted()).toEqual([
        "alg",
        "e",
        "kid",
        "kty",
        "n",
        "use",
      ]);
      expect((await get("", `${prefix}/openid/v1/jwks`)).status).toBe(401);
    }
    // As in Kubernetes, for relying parties that have no account here.
    await kubectl([
      "create",
      "clusterrolebinding",
      "verifiers",
      "--clusterrole=system:service-account-issuer-discovery",
      "--group=system:unauthenticated",
    ]);
    const anybody = (path: string): Promise<Answer> =>
      call({ server: drover.url, ca: drover.ca }, "GET", path);
    await eventually("anybody may verify", 12_000, async () =>
      (await anybody("/openid/v1/jwks")).status === 200 ? true : undefined,
    );
    expect((await anybody("/k8s/clusters/local/.well-known/openid-configuration")).status).toBe(200);
    for (const path of ["/version", "/api", "/apis", "/openapi/v3", "/k8s/clusters/local/version"])
      expect([path, (await anybody(path)).status]).toEqual([path, 401]);
  });
});
