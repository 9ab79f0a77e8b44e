import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SpillStore } from "./spill-store.ts";
import { TUNNEL } from "./testing/agent.ts";

const MiB = 1 << 20;
const filled = (byte: number): Uint8Array<ArrayBuffer> => new Uint8Array(MiB).fill(byte);
const keysOf = (storage: DurableObjectStorage): string[] =>
  [...storage.kv.list({ prefix: "spill:" })].map(([key]) => key);

describe("the spill store", () => {
  it("gives back what it was given, and keeps nothing afterwards", async () => {
    await runInDurableObject(TUNNEL.getByName("c-spill1"), async (_object, { storage }) => {
      const store = new SpillStore(storage);
      const [one, two, three] = [1, 2, 3].map((byte) => store.put(filled(byte)));
      expect(store.bytes).toBe(3 * MiB);
      two?.drop();
      expect(three?.take()).toEqual(filled(3));
      expect(one?.take()).toEqual(filled(1));
      expect([store.bytes, keysOf(storage)]).toEqual([0, []]);
    });
  });

  it("takes a gibibyte, and no more", async () => {
    await runInDurableObject(TUNNEL.getByName("c-spill2"), async (_object, { storage }) => {
      const counted = { kv: storage.kv, put: async () => undefined, delete: async () => true };
      const store = new SpillStore(counted as unknown as DurableObjectStorage);
      let pieces = 0;
      while (store.put(filled(0)) !== undefined) pieces++;
      expect(pieces).toBe(1024);
    });
  });

  it("forgets what an object left that lost its memory", async () => {
    const stub = TUNNEL.getByName("c-spill3");
    await runInDurableObject(stub, (_object, { storage }) => {
      new SpillStore(storage).put(filled(1));
      expect(keysOf(storage)).toHaveLength(1);
    });
    await evictDurableObject(stub, { webSockets: "hibernate" });
    await runInDurableObject(stub, (_object, { storage }) => expect(keysOf(storage)).toEqual([]));
  });
});
