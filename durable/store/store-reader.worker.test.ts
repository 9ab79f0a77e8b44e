/** Reads over the kept connection, inside workerd, on a real PostgreSQL. */
import { env as bindings } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DurableEnv } from "../env.ts";

const env = bindings as unknown as DurableEnv;
const reader = () => env.STORE_READER.getByName("r0");
const key = (name: string) => ({ type: "reader-tests", namespace: "ns", name });

async function write(name: string, value: number, revision?: number): Promise<number> {
  const uid = `reader-${name}`;
  const action = revision === undefined ? ("create" as const) : ("update" as const);
  const body = JSON.stringify({ value });
  const object = { ...key(name), uid, action, body, sealed: null, labels: {}, fields: {} };
  const [result] = await env.STORE_WRITER.getByName("main").commit([
    { id: crypto.randomUUID(), objects: [object], work: [] },
  ]);
  if (result?.ok !== true) throw new Error(JSON.stringify(result));
  return result.revisions[0] ?? 0;
}

describe("StoreReader", () => {
  it("gives each of many at once its own row, and nothing for what is absent or cannot be stored", async () => {
    for (let index = 0; index < 5; index++) await write(`many-${index}`, index);
    const names = Array.from({ length: 100 }, (_, index) => `many-${index % 10}`);
    const rows = await Promise.all(names.map((name) => reader().row(key(name))));
    expect(rows.map((row) => row?.body)).toEqual(
      names.map((_, index) => (index % 10 < 5 ? JSON.stringify({ value: index % 10 }) : undefined)),
    );
    expect(await reader().row(key("a\0b"))).toBeUndefined();
    expect(await reader().row(key("\ud800"))).toBeUndefined();
  });

  it("is never older than the question, however many others ask at the same time", async () => {
    let revision = await write("fresh", 0);
    const asking = { on: true };
    const crowd = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (asking.on) await reader().row(key("fresh"));
      }),
    );
    for (let value = 1; value <= 100; value++) {
      revision = await write("fresh", value, revision);
      expect((await reader().row(key("fresh")))?.revision).toBe(revision);
    }
    asking.on = false;
    await crowd;
  });
});
