import { beforeEach, describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

const KiB = 1 << 10;
const MiB = 1 << 20;

describe("the pace of a stream", () => {
  let pace: Pace;
  beforeEach(() => (pace = new Pace()));

  /** The peer overshot by 6 MiB, which a reader of so many bytes a second has taken. Resolves with the time. */
  function overshot(bytesPerSecond: number): number {
    pace.held(1_000);
    pace.took(6 * MiB);
    return 1_000 + (6 * MiB * 1_000) / bytesPerSecond;
  }

  /** A round: `came` bytes, taken at that speed once they are there. Resolves with the marks of the next one, and its time. */
  function round(
    now: number,
    bytesPerSecond: number,
    came: number,
    roundTrip = 10,
  ): [number | undefined, number] {
    pace.came(came);
    pace.ended(now + roundTrip);
    pace.took(came);
    const next = now + roundTrip + (came * 1_000) / bytesPerSecond;
    return [pace.next(next), next];
  }

  it("limits nobody who takes within half a second what came before the peer stopped", () => {
    expect(pace.next(overshot(100 * MiB))).toBeUndefined();
    expect([pace.isQuick, pace.inRound]).toEqual([true, false]);
  });

  it("lets the peer of a slow reader send what that takes in about half a second", () => {
    expect(pace.next(overshot(512 * KiB))).toBe(8);
    expect([pace.isQuick, pace.inRound]).toEqual([false, true]);
  });

  it("learns from each round what a mark brings", () => {
    let now = overshot(MiB);
    let marks = pace.next(now);
    const asked = [marks];
    for (let count = 0; count < 6; count++) {
      [marks, now] = round(now, MiB, (marks ?? 0) * 128 * KiB);
      asked.push(marks);
    }
    expect([asked[0], asked.at(-1)]).toEqual([16, 5]);
  });

  it("asks for more ahead where the way is long", () => {
    let now = overshot(MiB);
    pace.next(now);
    [, now] = round(now, MiB, 512 * KiB, 200);
    expect(pace.lowWater(32 * KiB)).toBeGreaterThan(300 * KiB);
    expect(pace.lowWater(32 * KiB)).toBeLessThan(500 * KiB);
  });

  it("lets go of a reader that has become fast, one that stood still included", () => {
    let now = overshot(1_000);
    let marks = pace.next(now);
    let rounds = 0;
    for (; marks !== undefined && rounds < 100; rounds++)
      [marks, now] = round(now, 200 * MiB, marks * 32 * KiB);
    expect(rounds).toBeLessThan(60);
  });
});
