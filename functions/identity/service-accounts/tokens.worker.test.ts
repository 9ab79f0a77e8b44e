/** Service account tokens inside workerd, on a real PostgreSQL: made, verified, forged and revoked (auth.md 10, 11). */
import { env as bindings } from "cloudflare:workers";
import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from "jose";
import type { JWTHeaderParameters } from "jose";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../../schema/object.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import { namespaces } from "../../../schema/resources/core/namespaces.ts";
import { secrets, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { serviceAccounts } from "../../../schema/resources/core/service-accounts.ts";
import { registry } from "../../../schema/resources/registry.ts";
import { createSealer } from "../../../schema/seal/sealer.ts";
import { commitBatch } from "../../../schema/store/commit.ts";
import { createStore } from "../../../schema/store/store.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import type { Env } from "../../env.ts";
import { serviceAccountIdentity } from "./authenticate.ts";
import { boundPayload, legacyPayload } from "./claims.ts";
import { createKeyStore } from "./key-store.ts";
import { createSigner, forgetKeys } from "./signer.ts";
import type { Signer } from "./signer.ts";
import { verifyServiceAccountToken } from "./verify.ts";
import type { Verification } from "./verify.ts";

const issuer = "https://drover.example";
const sealer = createSealer({ current: "k1", keys: new Map([["k1", new Uint8Array(32).fill(1)]]) });
const seconds = (): number => Math.floor(Date.now() / 1_000);

let sql: Sql;
let store: BoundStore;
let signer: Signer;
let account: { name: string; uid: string };

async function create<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): Promise<T> {
  return store.create(definition, object);
}
const verify = (token: string, audiences?: readonly string[], now = Date.now()): Promise<Verification> =>
  verifyServiceAccountToken(token, { signer, store: () => store, now, audiences });
const payload = (more: Partial<Parameters<typeof boundPayload>[0]> = {}): Record<string, unknown> =>
  boundPayload({
    issuer,
    namespace: "apps",
    account,
    audiences: [issuer],
    id: "id-1",
    issuedAt: seconds(),
    expiresAt: seconds() + 600,
    ...more,
  });
const sign = (body: Record<string, unknown>): Promise<string> =>
  signer.sign(body, { issuer, expiresAt: seconds() + 600 });
const reasonOf = async (token: string, audiences?: readonly string[], now?: number): Promise<string> => {
  const found = await verify(token, audiences, now);
  return found.ok ? "accepted" : found.reason;
};

beforeAll(async () => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 4, fetch_types: false });
  await forgetAll();
  store = createStore({
    sql: () => sql,
    commit: (items) => commitBatch(sql, items),
    sealer,
    registry,
    workOf: () => [],
    now: () => new Date(),
  }).as({ name: "system:test", rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] });
  await create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "apps" } });
});

beforeEach(async () => {
  await sql`delete from objects where type in ('serviceaccounts', 'secrets')`;
  signer = createSigner(() => sql, sealer);
  const made = await create(serviceAccounts, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "robot", namespace: "apps" },
  });
  account = { name: "robot", uid: made.metadata.uid ?? "" };
});

afterAll(forgetAll);

async function forgetAll(): Promise<void> {
  forgetKeys();
  await sql`delete from objects`;
  await sql`delete from meta where key = 'service-account-keys'`;
}

const secretOf = (more: Partial<Secret> = {}): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "bound", namespace: "apps" },
  ...more,
});

describe("a token of a service account", () => {
  it("says what Kubernetes' says, and is believed", async () => {
    const token = await sign(payload());
    expect(decodeProtectedHeader(token)).toEqual({ alg: "RS256", kid: expect.stringMatching(/^[\w-]{43}$/) });
    expect(decodeJwt(token)).toEqual({
      iss: issuer,
      sub: "system:serviceaccount:apps:robot",
      aud: [issuer],
      iat: expect.any(Number),
      nbf: expect.any(Number),
      exp: expect.any(Number),
      jti: "id-1",
      "kubernetes.io": { namespace: "apps", serviceaccount: account },
    });
    const found = await verify(token);
    if (!found.ok) throw new Error(found.reason);
    expect(found.audiences).toEqual([issuer]);
    expect(serviceAccountIdentity(found.claims)).toMatchObject({
      userId: "system:serviceaccount:apps:robot",
      uid: account.uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:apps", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": ["JTI=id-1"] },
    });
  });

  it("auth 35: ends at its very second, and does not begin in the future", async () => {
    const now = seconds();
    const token = await sign(payload({ issuedAt: now, expiresAt: now + 600 }));
    expect(await reasonOf(token, undefined, (now + 600) * 1_000 - 1)).toBe("accepted");
    expect(await reasonOf(token, undefined, (now + 600) * 1_000)).toContain("has expired");
    const early = await sign(payload({ issuedAt: now + 120, expiresAt: now + 900 }));
    expect(await reasonOf(early)).toContain("not valid yet");
  });

  it("auth 35: is good for its audiences alone", async () => {
    const token = await sign(payload({ audiences: ["vault", "other"] }));
    expect(await reasonOf(token)).toContain("invalid for the target audiences");
    expect(await verify(token, ["vault", "nobody"])).toMatchObject({ ok: true, audiences: ["vault"] });
    expect(await reasonOf(await sign(payload({ audiences: [] })))).toContain("audiences");
  });

  it("auth 35: is refused under another issuer, although the signature is ours", async () => {
    const body = { ...payload(), iss: "https://elsewhere.example" };
    expect(await reasonOf(await sign(body))).toBe("token issuer is invalid");
    expect(await reasonOf(await sign({ ...payload(), iss: undefined }))).toBe("token issuer is invalid");
  });

  it("auth 35: is refused with claims that contradict each other or are missing", async () => {
    const own = payload();
    for (const body of [
      { ...own, sub: "system:serviceaccount:apps:admin" },
      { ...own, sub: "admin" },
      { ...own, exp: undefined },
      { ...own, "kubernetes.io": undefined },
      { ...own, "kubernetes.io": { namespace: "apps", serviceaccount: { name: "robot" } } },
      { ...own, "kubernetes.io": { namespace: "apps", serviceaccount: account, secret: {} } },
      {
        ...own,
        "kubernetes.io": { namespace: "apps", serviceaccount: account, pod: { name: "p", uid: "1" } },
      },
      { ...own, "kubernetes.io": { namespace: "other", serviceaccount: account } },
    ])
      expect(await reasonOf(await sign(body))).not.toBe("accepted");
  });

  it("auth 35: is refused with no signature, another algorithm, or another key", async () => {
    const { kid } = decodeProtectedHeader(await sign(payload()));
    const [ours] = (await signer.keySet()).keys;
    if (kid === undefined || ours === undefined) throw new Error("no key");
    const foreign = await generateKeyPair("RS256");
    const header = (more: Partial<JWTHeaderParameters> = {}): JWTHeaderParameters => ({
      alg: "RS256",
      kid,
      ...more,
    });
    const signed = (by: JWTHeaderParameters, key: Parameters<SignJWT["sign"]>[0]): Promise<string> =>
      new SignJWT(payload()).setProtectedHeader(by).sign(key);
    // The public key as the secret of an HMAC: the classic confusion.
    const publicBytes = new TextEncoder().encode(JSON.stringify(ours.jwk));
    const forged = [
      new UnsecuredJWT(payload()).encode(),
      `${new UnsecuredJWT(payload()).encode()}AAAA`,
      await signed(header(), foreign.privateKey),
      await signed(header({ alg: "HS256" }), publicBytes),
      await signed(header({ jwk: await exportJWK(foreign.publicKey) }), foreign.privateKey),
      await signed(header({ jku: "https://evil.example/keys" }), foreign.privateKey),
      await signed(header({ alg: "PS256" }), (await generateKeyPair("PS256")).privateKey),
      await signed(header({ alg: "ES256" }), (await generateKeyPair("ES256")).privateKey),
    ];
    for (const token of forged) expect(await reasonOf(token)).toMatch(/^invalid bearer token$/);
  });

  it("auth 57: is refused under a key id that is unknown, missing, or a path", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    for (const kid of ["unknown", "", "../../dev/null", "' or 1=1 --", "__proto__"]) {
      const token = await new SignJWT(payload()).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
      expect(await reasonOf(token)).toBe("invalid signature, no keys found");
    }
    const bare = await new SignJWT(payload()).setProtectedHeader({ alg: "RS256" }).sign(privateKey);
    expect(await reasonOf(bare)).toBe("invalid bearer token");
  });

  it("auth 61: takes any text without an exception", async () => {
    const token = await sign(payload());
    const [head = "", body = "", signature = ""] = token.split(".");
    for (const odd of [
      "",
      "..",
      "a.b.c",
      `${head}.${body}.`,
      `${head}.${btoa("[]").replaceAll("=", "")}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      `${head}.${body}.${signature}.${signature}`,
      `${head}.${body}.${"A".repeat(20_000)}`,
      "{}",
    ])
      expect((await verify(odd)).ok).toBe(false);
  });

  it("ends with its ServiceAccount, and is not that of the next one with the name", async () => {
    const token = await sign(payload());
    await store.delete(serviceAccounts, "apps", "robot");
    expect(await reasonOf(token)).toContain("not found");
    await create(serviceAccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "robot", namespace: "apps" },
    });
    expect(await reasonOf(token)).toContain("does not match claim");
  });

  it("that is bound to a Secret ends with it, and is not that of the next one with the name", async () => {
    const { metadata } = await create(secrets, secretOf());
    const token = await sign(payload({ secret: { name: "bound", uid: metadata.uid ?? "" } }));
    expect(decodeJwt(token)["kubernetes.io"]).toMatchObject({ secret: { name: "bound", uid: metadata.uid } });
    expect(await reasonOf(token)).toBe("accepted");
    await store.delete(secrets, "apps", "bound");
    expect(await reasonOf(token)).toContain("invalidated");
    await create(secrets, secretOf());
    expect(await reasonOf(token)).toContain("invalidated");
  });

  it("of a Secret is what the Secret holds, and ends when that changes or is marked", async () => {
    const body = legacyPayload("apps", "legacy", account);
    const token = await signer.sign(body, { issuer: undefined, expiresAt: null });
    expect(await reasonOf(token)).toContain("invalidated");
    const typed = secretOf({
      metadata: {
        name: "legacy",
        namespace: "apps",
        annotations: { "kubernetes.io/service-account.name": "robot" },
      },
      type: "kubernetes.io/service-account-token",
      data: { token: toBase64(token) },
    });
    await create(secrets, typed);
    const found = await verify(token);
    expect(found).toMatchObject({ ok: true, claims: { kind: "legacy" } });
    expect((await signer.keySet()).issuers).toEqual([issuer]);
    const marked = { "kubernetes.io/legacy-token-invalid-since": "2026-01-01" };
    const change = (edit: (secret: Secret) => Secret): Promise<Secret> =>
      store.modify<Secret>(secrets, "apps", "legacy", edit);
    await change((now) => ({ ...now, metadata: { ...now.metadata, labels: marked } }));
    expect(await reasonOf(token)).toContain("marked invalid");
    await change((now) => ({
      ...now,
      data: { token: toBase64("another") },
      metadata: { ...now.metadata, labels: {} },
    }));
    expect(await reasonOf(token)).toBe("Token does not match server's copy");
  });
});

describe("the signing keys", () => {
  it("are made once, however many start at once, and nothing of them is stored in clear", async () => {
    await sql`delete from meta where key = 'service-account-keys'`;
    const sets = await Promise.all([1, 2, 3].map(() => createKeyStore(() => sql, sealer).load()));
    expect(new Set(sets.map((set) => JSON.stringify(set))).size).toBe(1);
    const [row] = await sql<{ value: string }[]>`select value from meta where key = 'service-account-keys'`;
    expect(row?.value).toContain('"sealed":"s1:k1:');
    for (const part of ['"d"', '"p"', '"q"', '"dp"']) expect(row?.value).not.toContain(part);
    forgetKeys();
  });

  it("auth 57: rotate, while what the old one signed is believed until it ends", async () => {
    const keys = createKeyStore(() => sql, sealer);
    const token = await sign(payload());
    const later = seconds() + 91 * 86_400;
    const rotated = await keys.maintain(later);
    expect(rotated.keys).toHaveLength(2);
    expect(await keys.maintain(later + 60)).toEqual(rotated);
    forgetKeys();
    expect(await reasonOf(token)).toBe("accepted");
    // By then the first key signs no more, and all that it signed has ended.
    const left = await keys.maintain(later + 2 * 86_400);
    expect(left.keys.map(({ kid }) => kid)).toEqual([rotated.keys[1]?.kid]);
    forgetKeys();
    expect(await reasonOf(token)).toBe("invalid signature, no keys found");
  });
});
