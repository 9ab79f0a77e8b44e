import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SpillStore } from "./spill-store.ts";
import { TUNNEL } from "./testing/agent.ts";

const MiB = 1 << 20;
const filled = (byte: number, length = MiB): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte);
const tables = ({ sql }: DurableObjectStorage): unknown[] =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'spill'").toArray();

describe("the spill store", () => {
  it("gives back what it was given, and keeps nothing afterwards", async () => {
    await runInDurableObject(TUNNEL.getByName("c-spill1"), async (_object, { storage }) => {
      const store = new SpillStore(storage);
      for (let round = 0; round < 2; round++) {
        const [one, two, three] = [1, 2, 3].map((byte) => store.put(filled(byte)));
        expect(store.bytes).toBe(3 * MiB);
        two?.drop();
        // In the place of the one that was dropped.
        const four = store.put(filled(9).subarray(5, 50));
        expect(three?.take()).toEqual(filled(3));
        expect(four?.take()).toEqual(filled(9, 45));
        expect(one?.take()).toEqual(filled(1));
        expect([store.bytes, tables(storage)]).toEqual([0, []]);
      }
    });
  });

  it("takes a gibibyte, and no more", async () => {
    await runInDurableObject(TUNNEL.getByName("c-spill2"), async (_object, { storage }) => {
      const counted = {
        exec: (query: string) => storage.sql.exec(query.startsWith("SELECT") ? query : "SELECT 1"),
      };
      const store = new SpillStore({ sql: counted as unknown as SqlStorage });
      let pieces = 0;
      while (store.put(filled(0)) !== undefined) pieces++;
      expect(pieces).toBe(1024);
    });
  });

  it("forgets what an object left that lost its memory", async () => {
    const stub = TUNNEL.getByName("c-spill3");
    await runInDurableObject(stub, (_object, { storage }) => {
      new SpillStore(storage).put(filled(1));
      expect(tables(storage)).toHaveLength(1);
    });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    await runInDurableObject(stub, (_object, { storage }) => expect(tables(storage)).toEqual([]));
  });
});
