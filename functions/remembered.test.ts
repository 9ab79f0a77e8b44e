import { describe, expect, it } from "vitest";
import { Remembered } from "./remembered.ts";

interface Fact {
  readonly text: string;
}

/** Reads `key` at `at`; the answer, and whether it was loaded. */
async function readAt(
  memory: Remembered<Fact>,
  at: number,
  text: string | undefined | Error,
  key = "k",
): Promise<[string | undefined, boolean]> {
  let loaded = false;
  const load = async (): Promise<Fact | undefined> => {
    loaded = true;
    if (text instanceof Error) throw text;
    return text === undefined ? undefined : { text };
  };
  return [(await memory.read(key, load, () => at))?.text, loaded];
}

describe("what an isolate remembers", () => {
  it("is used up to its age and not a millisecond longer", async () => {
    const memory = new Remembered<Fact>({ maxAgeMs: 10_000 });
    expect(await readAt(memory, 0, "a")).toEqual(["a", true]);
    expect(await readAt(memory, 6_999, "b")).toEqual(["a", false]);
    const failed = new Error("the database is away");
    expect(await readAt(memory, 9_999, failed)).toEqual(["a", true]);
    await expect(readAt(memory, 10_000, failed)).rejects.toThrow(failed);
    expect(await readAt(memory, 10_001, "b")).toEqual(["b", true]);
  });

  it("is renewed near its end by one of many, and by another one if that does not come back", async () => {
    const memory = new Remembered<Fact>({ maxAgeMs: 10_000 });
    await readAt(memory, 0, "a");
    let renewals = 0;
    const lost = async (at: number): Promise<void> => {
      const never = (): Promise<undefined> => {
        renewals++;
        return new Promise(() => undefined);
      };
      void memory.read("k", never, () => at);
    };
    for (const at of [7_000, 7_000, 8_499]) await lost(at);
    expect(renewals).toBe(1);
    expect(await readAt(memory, 8_500, "b")).toEqual(["b", true]);
    expect(await readAt(memory, 12_000, "c")).toEqual(["b", false]);
  });

  it("is dropped when there is nothing any more, or when it holds no longer", async () => {
    const memory = new Remembered<Fact>({ holds: ({ text }, now) => text !== "short" || now < 5 });
    await readAt(memory, 0, "short");
    expect(await readAt(memory, 4, "b")).toEqual(["short", false]);
    expect(await readAt(memory, 5, undefined)).toEqual([undefined, true]);
    await readAt(memory, 6, "a");
    expect(await readAt(memory, 7_006, undefined)).toEqual([undefined, true]);
    expect(await readAt(memory, 7_007, "b")).toEqual(["b", true]);
  });

  it("has a bound: the oldest goes first", async () => {
    const memory = new Remembered<Fact>({ maxEntries: 2 });
    for (const key of ["a", "b", "c"]) await readAt(memory, 0, key, key);
    expect(await readAt(memory, 1, "new", "c")).toEqual(["c", false]);
    expect(await readAt(memory, 1, "new", "b")).toEqual(["b", false]);
    expect(await readAt(memory, 1, "new", "a")).toEqual(["new", true]);
  });

  it("is not what was read before a write of this isolate", async () => {
    const memory = new Remembered<Fact>();
    const load = async (): Promise<Fact> => {
      memory.forget();
      return { text: "old" };
    };
    expect(await memory.read("k", load)).toEqual({ text: "old" });
    expect(await readAt(memory, Date.now(), "new")).toEqual(["new", true]);
  });
});
