import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migratedSql } from "../../test/setup/database.ts";
import { completeWork, enqueueWork, failWork, leaseDueWork, msUntilNextWork, requeueWork } from "./work.ts";
import type { LeasedWork } from "./work.ts";

let sql: Sql;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ sql, stop } = await migratedSql());
});
afterAll(() => stop());
beforeEach(async () => {
  await sql`delete from work`;
});

const enqueue = (key: string, runAt = 0): Promise<void> =>
  enqueueWork(sql, [{ controller: "c", key, runAt }]);
async function leaseOne(): Promise<LeasedWork> {
  const [work] = await leaseDueWork(sql, 1, 60_000);
  if (work === undefined) throw new Error("nothing was due");
  return work;
}
const count = async (): Promise<number> => Number((await sql`select count(*) as n from work`)[0]?.["n"]);

describe("work rows", () => {
  it("are leased to one worker each, however many race for them", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => enqueue(`k${index}`)));
    const leased = await Promise.all(Array.from({ length: 8 }, () => leaseDueWork(sql, 5, 60_000)));
    const keys = leased.flat().map(({ key }) => key);
    expect(keys.length).toBe(20);
    expect(new Set(keys).size).toBe(20);
  });

  it("are not leased before they are due", async () => {
    await enqueue("later", Date.now() + 60_000);
    expect(await leaseDueWork(sql, 10, 60_000)).toEqual([]);
    expect(await msUntilNextWork(sql)).toBeGreaterThan(50_000);
  });

  it("go when they are done", async () => {
    await enqueue("k");
    await completeWork(sql, await leaseOne());
    expect(await count()).toBe(0);
    expect(await msUntilNextWork(sql)).toBeUndefined();
  });

  it("stay armed when they were enqueued during the run: no change is lost", async () => {
    await enqueue("k");
    const work = await leaseOne();
    await enqueue("k");
    await completeWork(sql, work);
    expect((await leaseOne()).seq).toBe(work.seq + 1);
  });

  for (const [name, end] of [
    ["done", completeWork],
    ["requeued", (client: Sql, work: LeasedWork) => requeueWork(client, work, 60_000)],
    ["failed", (client: Sql, work: LeasedWork) => failWork(client, work, "broken")],
  ] as const) {
    it(`are due at once when the enqueue commits while the run is being ${name}`, async () => {
      await enqueue("k");
      const work = await leaseOne();
      let ended: Promise<void> | undefined;
      await sql.begin(async (enqueuing) => {
        await enqueueWork(enqueuing, [{ controller: "c", key: "k", runAt: 0 }]);
        ended = end(sql, work);
        const waiting = async (): Promise<number> =>
          (await sql`select from pg_locks where not granted`).length;
        await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
      });
      await ended;
      expect((await leaseOne()).seq).toBe(work.seq + 1);
    });
  }

  it("fall to another worker when their lease ends, and the late one changes nothing", async () => {
    await enqueue("k");
    const [late] = await leaseDueWork(sql, 1, 50);
    if (late === undefined) throw new Error("nothing was due");
    await sleep(80);
    const second = await leaseOne();
    await completeWork(sql, late);
    await failWork(sql, late, "late");
    expect(await count()).toBe(1);
    await completeWork(sql, second);
    expect(await count()).toBe(0);
  });

  it("wait from 1 s up to 2 min after failures in a row, and start over after a success", async () => {
    await enqueue("k");
    const waits: number[] = [];
    for (let failures = 0; failures < 9; failures++) {
      await failWork(sql, await leaseOne(), "broken");
      waits.push(Math.round(((await msUntilNextWork(sql)) ?? 0) / 1000));
      await sql`update work set run_at = now()`;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 120, 120]);
    expect((await sql`select last_error from work`)[0]?.["last_error"]).toBe("broken");
    await requeueWork(sql, await leaseOne(), 0);
    expect((await leaseOne()).attempts).toBe(0);
  });
});
