import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratedSql } from "../../test/setup/database.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { registry } from "../../schema/resources/registry.ts";
import { secrets } from "../../schema/resources/core/secrets.ts";
import { noteStoredForms } from "./stored-forms.ts";

let sql: Awaited<ReturnType<typeof migratedSql>>["sql"];
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());

const inForm = (form: number) =>
  ({
    ...secrets,
    migrations: Array.from({ length: form - 1 }, () => (object: object) => object),
  }) as ResourceDefinition;
const noted = async () =>
  (await sql<{ value: string }[]>`select value from meta where key = 'stored-forms'`)[0];

describe("the forms that a database may hold", () => {
  it("are noted where one is not the first, and rise", async () => {
    await noteStoredForms(sql, [inForm(1)]);
    expect(await noted()).toBeUndefined();
    await noteStoredForms(sql, [inForm(2)]);
    expect(await noted()).toEqual({ value: '{"secrets":2}' });
    await noteStoredForms(sql, [inForm(3)]);
    expect(await noted()).toEqual({ value: '{"secrets":3}' });
  });

  it("are refused by an older version, in one clear line, and stay", async () => {
    await noteStoredForms(sql, [inForm(3)]);
    await expect(noteStoredForms(sql, [inForm(2)])).rejects.toThrow(
      "the database belongs to a newer version of Drover (it stores secrets in form 3; known here: 2)",
    );
    await expect(noteStoredForms(sql, [])).rejects.toThrow("known here: none");
    expect(await noted()).toEqual({ value: '{"secrets":3}' });
    await sql`delete from meta where key = 'stored-forms'`;
    await noteStoredForms(sql, registry.all());
  });
});
