import { describe, expect, it } from "vitest";
import { Turnstile } from "./turnstile.ts";

function scene(places: number) {
  const turnstile = new Turnstile(places);
  const inside = new Map<string, () => void>();
  const gone = new Set<string>();
  const come = (name: string): void =>
    turnstile.wait(
      () => gone.has(name),
      (leave) => void inside.set(name, leave),
    );
  const go = (name: string): void => {
    inside.get(name)?.();
    inside.delete(name);
  };
  return { come, go, gone, inside: () => [...inside.keys()], leaveOf: (name: string) => inside.get(name) };
}

describe("a turnstile", () => {
  it("lets in at once while there is room, and then the last who came first", () => {
    const { come, go, inside } = scene(2);
    for (const name of ["a", "b", "c", "d"]) come(name);
    expect(inside()).toEqual(["a", "b"]);
    go("a");
    expect(inside()).toEqual(["b", "d"]);
    go("b");
    expect(inside()).toEqual(["d", "c"]);
  });

  it("gives no place to who has gone, and none twice", () => {
    const { come, go, gone, inside, leaveOf } = scene(1);
    for (const name of ["a", "b", "c"]) come(name);
    gone.add("c");
    const leave = leaveOf("a");
    go("a");
    expect(inside()).toEqual(["b"]);
    leave?.();
    come("d");
    expect(inside()).toEqual(["b"]);
    go("b");
    expect(inside()).toEqual(["d"]);
  });
});
