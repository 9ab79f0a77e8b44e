import { describe, expect, it, vi } from "vitest";
import { WatchAccess } from "./watch-access.ts";

/** What the API Worker would say, and what has been asked and ended. */
function bench() {
  const open = new Set<string>();
  const state = { revision: 5, revoked: new Set<string>(), fails: false, now: 0 };
  const asked: string[][] = [];
  const ended: string[] = [];
  const access = new WatchAccess({
    grants: () => open,
    judge: async (grants) => {
      asked.push([...grants]);
      if (state.fails) throw new Error("away");
      return {
        revision: state.revision,
        revoked: grants.flatMap((grant, index) => (state.revoked.has(grant) ? [index] : [])),
      };
    },
    end: (grants) => {
      for (const grant of grants) {
        open.delete(grant);
        ended.push(grant);
      }
    },
    now: () => state.now,
    patienceMs: 8_000,
  });
  return { open, state, asked, ended, access };
}

describe("WatchAccess", () => {
  it("judges a grant when it is new, once for all who have it, and not again", async () => {
    const { open, asked, access } = bench();
    open.add("a").add("b");
    await access.check();
    await access.check();
    open.add("c");
    await access.check();
    expect(asked).toEqual([["a", "b"], ["c"]]);
  });

  it("judges everybody after a change of rights, and ends those who lost theirs", async () => {
    const { open, state, asked, ended, access } = bench();
    open.add("a").add("b");
    await access.check();
    access.rightsChanged(5);
    await access.check();
    expect(asked).toHaveLength(1);
    state.revision = 9;
    state.revoked.add("b");
    access.rightsChanged(8);
    await access.check();
    expect(asked).toHaveLength(2);
    expect(ended).toEqual(["b"]);
    access.rightsMayHaveChanged();
    await access.check();
    expect(asked[2]).toEqual(["a"]);
  });

  it("asks again for a grant that went and came back", async () => {
    const { open, asked, access } = bench();
    open.add("a");
    await access.check();
    open.delete("a");
    await access.check();
    open.add("a");
    await access.check();
    expect(asked).toEqual([["a"], ["a"]]);
  });

  it("judges who comes while others are judged, and asks one question at a time", async () => {
    const { open, asked, access } = bench();
    open.add("a");
    const first = access.check();
    open.add("b");
    await Promise.all([first, access.check()]);
    expect(asked).toEqual([["a"], ["b"]]);
  });

  it("does not go in circles when the answer is of an older state", async () => {
    const { open, asked, access } = bench();
    open.add("a");
    access.rightsChanged(7);
    await access.check();
    await access.check();
    expect(asked).toEqual([["a"], ["a"]]);
  });

  it("ends those who cannot be judged for too long, and nobody before", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const { open, state, ended, access } = bench();
    open.add("a");
    await access.check();
    state.fails = true;
    open.add("b");
    await access.check();
    state.now = 7_000;
    await access.check();
    expect(ended).toEqual([]);
    state.now = 8_000;
    await access.check();
    expect(ended).toEqual(["b"]);
    expect(warn).toHaveBeenCalledTimes(3);
    warn.mockRestore();
  });
});
