import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lookout } from "./lookout.ts";
import type { Watched } from "./lookout.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream to a server that answers as told. */
class Line implements Watched {
  open = true;
  heard = 0;
  isHeld = false;
  serverUpdates = 0;
  /** When it was asked, seconds since the test began. */
  readonly asked: number[] = [];
  answers = true;
  canAsk = true;
  reason: string | undefined;
  readonly #began = Date.now();

  get now(): number {
    return (Date.now() - this.#began) / 1_000;
  }

  askForUpdate(): boolean {
    if (!this.canAsk) return false;
    this.asked.push(this.now);
    if (this.answers) {
      this.serverUpdates += 1;
      this.heard += 22;
    }
    return true;
  }

  abort(text: string): void {
    this.open = false;
    this.reason = `${text}, at ${this.now} s`;
  }
}

const seconds = (count: number): void => void vi.advanceTimersByTime(count * 1_000);

describe("the lookout for a server that no agent is beside", () => {
  it("ends a silent request of a server that has answered before, and no other", () => {
    const line = new Line();
    const manners = { answers: false };
    const lookout = new Lookout(line, manners);
    seconds(5);
    expect([line.asked, manners.answers]).toEqual([[2], true]);
    lookout.stop();

    const second = new Line();
    second.answers = false;
    void new Lookout(second, manners);
    seconds(60);
    expect([second.asked, second.reason]).toEqual([
      [10],
      "the server gave no sign of life within 10 s, at 20 s",
    ]);

    const stranger = new Line();
    stranger.answers = false;
    void new Lookout(stranger, { answers: false });
    seconds(10_000);
    expect([stranger.asked, stranger.reason]).toEqual([[2], undefined]);
  });

  it("lets a silent watch live for an hour, and asks fewer times than Go's servers bear", () => {
    const line = new Line();
    void new Lookout(line, { answers: false });
    seconds(3_600);
    expect(line.reason).toBeUndefined();
    expect(line.asked.length).toBeLessThan(16);
    expect(line.asked.at(-1)).toBeGreaterThan(2_700);
  });

  it("does not ask a server that is heard anyway, nor one whose bytes the client does not take", () => {
    const busy = new Line();
    void new Lookout(busy, { answers: true });
    const held = new Line();
    held.isHeld = true;
    held.answers = false;
    void new Lookout(held, { answers: true });
    for (let times = 0; times < 100; times++) {
      busy.heard += 1;
      seconds(5);
    }
    expect([busy.asked, held.asked, held.reason]).toEqual([[], [], undefined]);
    held.isHeld = false;
    seconds(40);
    expect(held.reason).toBeDefined();
  });

  it("leaves alone what cannot be asked, and what is over", () => {
    const old = new Line();
    old.canAsk = false;
    void new Lookout(old, { answers: true });
    const over = new Line();
    new Lookout(over, { answers: true }).stop();
    seconds(100);
    expect([old.reason, over.asked, vi.getTimerCount()]).toEqual([undefined, [], 0]);
  });
});
