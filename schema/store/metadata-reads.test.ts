import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sql } from "postgres";
import { migrate } from "../../infra/migrate/migrate.ts";
import { readMigrations } from "../../infra/migrate/migrations.ts";
import { openDatabase } from "../../infra/postgres/client.ts";
import { temporaryPostgres } from "../../infra/postgres/temporary.ts";
import { configMaps } from "../resources/core/config-maps.ts";
import { secrets } from "../resources/core/secrets.ts";
import { registry } from "../resources/registry.ts";
import { createMetadataReads } from "./metadata-reads.ts";
import type { MetadataReads } from "./metadata-reads.ts";

const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];

describe("reads of metadata over all types", () => {
  let sql: Sql;
  let stop: () => Promise<void>;
  let reads: MetadataReads;

  // With what an older version stored: it kept references, and no index of them.
  beforeAll(async () => {
    const started = await temporaryPostgres();
    ({ stop } = started);
    sql = openDatabase(started.target);
    const migrations = readMigrations(join(import.meta.dirname, "../migrations"));
    await migrate(sql, migrations.slice(0, 3));
    const body = (name: string, ownerReferences: unknown, data = ""): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "X",
        metadata: { name, namespace: "ns", ownerReferences },
        data,
      });
    const rows = [
      ["configmaps", "owned", body("owned", [{ uid: "u1" }, { uid: "u2" }], "\0 \ud800 \\u0000")],
      ["configmaps", "quoting", body("quoting", undefined, '"ownerReferences":[{"uid":"u1"}]')],
      ["secrets", "owned-too", body("owned-too", [{ uid: "u1" }])],
      ["widgets.example.com", "of-the-future", body("of-the-future", [{ uid: "u1" }])],
    ];
    for (const [type = "", name = "", text = ""] of rows)
      await sql`
        insert into objects (type, namespace, name, uid, revision, body, labels, fields)
        values (${type}, 'ns', ${name}, ${`uid-${name}`}, 7, ${text}, '{}', '{"kept":["x"]}')`;
    await migrate(sql, migrations);
    reads = createMetadataReads({ name: "system:test", rules }, () => sql, registry.byTypeKey);
  }, 120_000);
  afterAll(async () => {
    await sql.end();
    await stop();
  });

  const names = (items: readonly { readonly metadata: { readonly name: string } }[]): string[] =>
    items.map(({ metadata }) => metadata.name);

  it("finds dependents of every type in pages, also those that an older version stored", async () => {
    expect(names((await reads.dependents("u1", 10)).items)).toEqual(["owned", "owned-too", "of-the-future"]);
    expect(names((await reads.dependents("u2", 10)).items)).toEqual(["owned"]);
    const first = await reads.dependents("u1", 2);
    expect(names(first.items)).toEqual(["owned", "owned-too"]);
    expect(names((await reads.dependents("u1", 2, first.next)).items)).toEqual(["of-the-future"]);
    expect(await sql`select fields from objects where name = 'owned'`).toEqual([
      { fields: { kept: ["x"], ownerUid: ["u1", "u2"] } },
    ]);
  });

  it("finds one by its uid, with its revision, and what is in a namespace", async () => {
    expect(await reads.byUid("uid-owned")).toMatchObject({
      type: "configmaps",
      metadata: { name: "owned", resourceVersion: "7" },
    });
    expect(await reads.byUid("nobody")).toBeUndefined();
    expect(await reads.byUid("\0")).toBeUndefined();
    expect(names((await reads.inNamespace([configMaps, secrets], "ns", 10)).items)).toEqual([
      "owned",
      "quoting",
      "owned-too",
    ]);
    const first = await reads.inNamespace([configMaps], "ns", 1);
    expect(names((await reads.inNamespace([configMaps], "ns", 1, first.next)).items)).toEqual(["quoting"]);
    expect((await reads.inNamespace([configMaps], "other", 1)).items).toEqual([]);
  });

  it("shows nobody what he may not list", async () => {
    const narrow = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }];
    const his = createMetadataReads({ name: "u-x", rules: narrow }, () => sql, registry.byTypeKey);
    expect(names((await his.dependents("u2", 10)).items)).toEqual(["owned"]);
    await expect(his.dependents("u1", 10)).rejects.toMatchObject({ code: "Forbidden" });
  });
});
