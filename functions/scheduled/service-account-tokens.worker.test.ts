/** Tokens of service accounts in Secrets, on a real PostgreSQL: their controller is killed after each of its writes. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../schema/object.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import { secrets, toBase64 } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { serviceAccounts } from "../../schema/resources/core/service-accounts.ts";
import type { ServiceAccount } from "../../schema/resources/core/service-accounts.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { everythingOf, forgetAll, root, runUntilDone, testStore } from "../../test/setup/reconciling.ts";
import { workOf } from "./registry.ts";
import { serviceAccountTokens } from "./service-account-tokens.ts";

let sql: Sql;
let store: BoundStore;

async function create<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): Promise<void> {
  await store.create(definition, object);
}

beforeAll(async () => {
  sql = postgres((bindings as unknown as Env).DB.connectionString, { max: 4, fetch_types: false });
  // Other files use this database before and after.
  await forgetAll(sql);
  store = testStore(sql).as(root);
});

afterAll(() => forgetAll(sql));

describe("tokens of service accounts in Secrets", () => {
  const keys = JSON.stringify({ current: "k1", keys: { k1: toBase64("\u0001".repeat(32)) } });
  const env = { DB: (bindings as unknown as Env).DB, DROVER_KEYS: keys, CATTLE_CACERTS: "the CA" };
  const account = (name: string): Promise<ServiceAccount> =>
    store.create<ServiceAccount>(serviceAccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: "robots" },
    });
  const secretFor = (name: string, owner: string, more: Partial<Secret> = {}): Promise<Secret> =>
    store.create<Secret>(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name,
        namespace: "robots",
        annotations: { "kubernetes.io/service-account.name": owner },
      },
      type: "kubernetes.io/service-account-token",
      ...more,
    });
  const read = (name: string): Promise<Secret> => store.get<Secret>(secrets, "robots", name);
  const run = (key: string): Promise<number> => runUntilDone(sql, serviceAccountTokens, key, env);

  beforeAll(() => create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "robots" } }));

  it("are filled once, with the account's uid, and again where something is taken out", async () => {
    const { metadata } = await account("filled");
    await secretFor("filled-token", "filled");
    await run("secret/robots/filled-token");
    const first = await read("filled-token");
    expect(first.metadata.annotations?.["kubernetes.io/service-account.uid"]).toBe(metadata.uid);
    expect(Object.keys(first.data ?? {}).toSorted()).toEqual(["ca.crt", "namespace", "token"]);
    expect(await run("secret/robots/filled-token")).toBe(1);
    await store.modify<Secret>(secrets, "robots", "filled-token", ({ data, ...secret }) => ({
      ...secret,
      data: { token: data?.["token"] ?? "", "ca.crt": toBase64("another") },
    }));
    await run("secret/robots/filled-token");
    expect((await read("filled-token")).data).toEqual(first.data);
  });

  it("go with their account, and when it is another one of that name", async () => {
    await account("going");
    await account("staying");
    for (const name of ["going", "staying"]) {
      await secretFor(`${name}-token`, name);
      await run(`secret/robots/${name}-token`);
    }
    await secretFor("two", "going");
    await store.delete(serviceAccounts, "robots", "going");
    await account("going");
    await run("account/robots/going");
    expect(await everythingOf(sql, "going-token")).toEqual([]);
    // It was for whichever account has the name, and now it is the new one's.
    expect(Object.keys((await read("two")).data ?? {})).toContain("token");
    expect(await everythingOf(sql, "staying-token")).toHaveLength(1);
    await store.delete(serviceAccounts, "robots", "going");
    await run("all");
    expect(await everythingOf(sql, "robots/two")).toEqual([]);
  });

  it("are left alone where nobody can fill them, and are listed by no account once they are gone", async () => {
    const owner = await account("listing");
    await secretFor("fixed", "listing", { immutable: true });
    await run("secret/robots/fixed");
    expect((await read("fixed")).data).toBeUndefined();
    await store.update<ServiceAccount>(serviceAccounts, {
      ...owner,
      secrets: [{ name: "fixed" }, { name: "other" }],
    });
    await run("reference/robots/listing/fixed");
    const listed = async (): Promise<unknown> =>
      (await store.get<ServiceAccount>(serviceAccounts, "robots", "listing")).secrets;
    expect(await listed()).toHaveLength(2);
    await store.delete(secrets, "robots", "fixed");
    await run("reference/robots/listing/fixed");
    expect(await listed()).toEqual([{ name: "other" }]);
  });

  it("call for work when they are made, emptied or given away, and not when we have filled them", async () => {
    const owner = await account("worked");
    const bare = await secretFor("worked-token", "worked");
    await run("secret/robots/worked-token");
    const full = await read("worked-token");
    const other = { annotations: { "kubernetes.io/service-account.name": "another" } };
    const keysOf = (before?: KubeObject, after?: KubeObject): string[] =>
      workOf("secrets", before, after, new Date())
        .filter(({ controller }) => controller === serviceAccountTokens.name)
        .map(({ key }) => key);
    expect(keysOf(undefined, bare)).toEqual(["secret/robots/worked-token"]);
    expect(keysOf(bare, full)).toEqual([]);
    expect(keysOf(full, bare)).toEqual(["secret/robots/worked-token"]);
    expect(keysOf(full, { ...full, metadata: { ...full.metadata, ...other } })).toHaveLength(1);
    expect(keysOf(full, undefined)).toEqual(["reference/robots/worked/worked-token"]);
    expect(keysOf(undefined, { ...bare, type: "Opaque" } as Secret)).toEqual([]);
    const gone = workOf("serviceaccounts", owner, undefined, new Date());
    expect(gone.map(({ controller, key }) => [controller, key])).toContainEqual([
      "service-account-tokens",
      "account/robots/worked",
    ]);
  });
});
