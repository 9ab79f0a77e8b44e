/** What the sweep does after a change of the sealing key, on a real PostgreSQL. */
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { secrets } from "../../schema/resources/core/secrets.ts";
import { createSealer } from "../../schema/seal/sealer.ts";
import type { Sealer } from "../../schema/seal/sealer.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import { countSeals } from "../../schema/store/rewrap.ts";
import { migratedSql } from "../../test/setup/database.ts";
import { createKeyStore } from "../identity/service-accounts/key-store.ts";
import { createLogger } from "../../schema/logger.ts";
import { rewrap, rewrapRow } from "./rewrap.ts";
import type { RewrapState } from "./rewrap.ts";

const keys = new Map([1, 2].map((id) => [`k${id}`, new Uint8Array(32).fill(id)]));
const old = createSealer({ current: "k1", keys });
const current = createSealer({ current: "k2", keys });

let sql: Sql;
let stop: () => Promise<void>;
let lines: { readonly msg?: string; readonly [name: string]: unknown }[] = [];
const log = createLogger("info", {}, (_level, line) => lines.push(JSON.parse(line) as { msg?: string }));

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());

async function seal(sealer: Sealer, count: number): Promise<void> {
  const objects = await Promise.all(
    Array.from({ length: count }, async () => {
      const [name, uid] = [crypto.randomUUID(), crypto.randomUUID()];
      const place = `secrets/default/${name}/${uid}`;
      const sealed = await sealer.seal('{"data":{}}', place);
      const body = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"${name}","namespace":"default"}}`;
      return {
        type: "secrets",
        namespace: "default",
        name,
        action: "create" as const,
        uid,
        body,
        sealed,
        labels: {},
        fields: {},
      };
    }),
  );
  await commitBatch(sql, [{ id: crypto.randomUUID(), objects, work: [] }]);
}

/** One sweep at a minute; what it logged. */
async function sweepAt(minute: number, sealer = current, types: readonly ResourceDefinition[] = []) {
  lines = [];
  await rewrap(sql, sealer, { log, now: new Date(minute * 60_000), types, window: 10, maxWindows: 4 });
  return lines;
}
const state = async (): Promise<RewrapState> => {
  const [row] = await sql<{ value: string }[]>`select value from meta where key = ${rewrapRow}`;
  return JSON.parse(row?.value ?? "null") as RewrapState;
};
const writes = async (): Promise<unknown> =>
  sql`select key, value, updated_at, xmin::text from meta order by key`;

describe("the sweep after a change of the key", () => {
  it("goes through everything, a part in each minute, and says how much is left", async () => {
    await createKeyStore(() => sql, old).load();
    await seal(old, 35);
    await sweepAt(0);
    expect(await state()).toMatchObject({ key: "k2", step: "events", found: 35 });
    expect(await countSeals(sql)).toEqual({ k1: 35, k2: 35 });
    expect((await state()).seals).toEqual({ k1: 35, k2: 35 });
    await sweepAt(1);
    // The events, the last of which are still missing, and those of a new object.
    await sweepAt(2);
    expect(await countSeals(sql)).toEqual({ k2: 70 });
    const [waiting] = await sweepAt(3).then(async (found) => (found.length > 0 ? found : sweepAt(4)));
    // The keys of service account tokens are still sealed by the old one.
    expect(waiting).toMatchObject({ key: "k2", remaining: 0 });
    await createKeyStore(() => sql, current).maintain(0);
  });

  it("waits before it says that the old key may go, and then only reads", async () => {
    for (let minute = 5; (await state()).step !== "settled"; minute++) await sweepAt(minute);
    const { settledAt = 0 } = await state();
    const at = settledAt / 60_000;
    expect(await sweepAt(at + 14)).toEqual([]);
    expect((await state()).step).toBe("settled");
    // Somebody of an older version was still there.
    await seal(old, 1);
    const said: unknown[] = [];
    let minute = at + 15;
    for (; (await state()).step !== "settled" || minute === at + 15; minute++)
      said.push(...(await sweepAt(minute)));
    expect(JSON.stringify(said)).not.toContain("may be removed");
    for (minute += 15; (await state()).step !== "done"; minute++) said.push(...(await sweepAt(minute)));
    expect(said.at(-1)).toMatchObject({ key: "k2" });
    expect(JSON.stringify(said.at(-1))).toContain("may be removed");
    const before = await writes();
    expect(await sweepAt(minute + 1_000)).toEqual([]);
    expect(await writes()).toEqual(before);
  });

  it("begins anew for another key or another form", async () => {
    await sweepAt(0, old);
    expect(await state()).toMatchObject({ key: "k1", step: "events" });
    const migrated = { ...secrets, migrations: [(object: object) => object] } as ResourceDefinition;
    await sweepAt(0, old, [migrated]);
    expect(await state()).toMatchObject({ key: "k1", forms: { secrets: 2 } });
  });

  it("logs what it cannot do, and never rejects", async () => {
    await sql`update meta set value = '{' where key = ${rewrapRow}`;
    const [line] = await sweepAt(0);
    expect(JSON.stringify(line)).toContain("cannot bring stored values up to date");
  });
});
