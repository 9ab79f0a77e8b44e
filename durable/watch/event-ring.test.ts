import { describe, expect, it } from "vitest";
import { EventRing } from "./event-ring.ts";
import { event } from "./test-events.ts";

const roomy = { ringMs: 1_000, ringBytes: 1_000_000 };
const after = (ring: EventRing, revision: number): number[] =>
  [...ring.after(revision)].map(({ event }) => event.revision);

describe("EventRing", () => {
  it("has everything after its start, from any revision on", () => {
    const ring = new EventRing(10, roomy);
    for (const revision of [12, 15, 20]) ring.push(event(revision), 0);
    expect(ring.start).toBe(10);
    expect(after(ring, 10)).toEqual([12, 15, 20]);
    expect(after(ring, 12)).toEqual([15, 20]);
    expect(after(ring, 17)).toEqual([20]);
    expect(after(ring, 20)).toEqual([]);
  });

  it("forgets the oldest by age, and says so by its start", () => {
    const ring = new EventRing(0, roomy);
    for (let revision = 1; revision <= 10; revision++) ring.push(event(revision), revision * 100);
    ring.trim(1_400);
    expect(ring.start).toBe(4);
    expect(after(ring, 4)).toEqual([5, 6, 7, 8, 9, 10]);
    ring.trim(10_000);
    expect(ring.start).toBe(10);
    expect(ring.bytes).toBe(0);
  });

  it("never holds more than its bytes, lines that were made later included", () => {
    const size = new EventRing(0, roomy).push(event(1), 0).bytes;
    const ring = new EventRing(0, { ringMs: 1_000, ringBytes: size * 3.2 });
    const pushed = [1, 2, 3].map((revision) => ring.push(event(revision), 0));
    ring.trim(0);
    expect(ring.start).toBe(0);
    for (const logged of pushed) logged.line("ADDED", false);
    ring.trim(0);
    expect(ring.start).toBe(1);
    expect(ring.bytes).toBeLessThanOrEqual(size * 3.2);
    // What it has dropped no longer counts.
    const { bytes } = ring;
    pushed[0]?.line("MODIFIED", false);
    expect(ring.bytes).toBe(bytes);
  });

  it("finds its way after thousands came and went", () => {
    const ring = new EventRing(0, { ringMs: 100, ringBytes: 1_000_000_000 });
    for (let revision = 1; revision <= 5_000; revision++) {
      ring.push(event(revision), revision);
      ring.trim(revision);
    }
    expect(ring.start).toBe(4_900);
    expect(after(ring, 4_997)).toEqual([4_998, 4_999, 5_000]);
    expect(after(ring, 4_900)).toHaveLength(100);
  });
});
