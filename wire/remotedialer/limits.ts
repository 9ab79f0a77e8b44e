import { minSpillBytes } from "./unread-queue.ts";
import type { Spill } from "./unread-queue.ts";

/** Sizes of a tunnel (tunnel.md 1.4, 1.7, 7 check 12; design 4). All in bytes. */
export interface Limits {
  /** Unread bytes of a stream above which the peer is told to PAUSE; it RESUMEs below an eighth. */
  readonly pauseAbove: number;
  /**
   * Unread bytes of a stream above which it is closed. What is on the way when the peer is told to PAUSE still comes: all
   * that the buffers of two kernels and of a proxy between them hold: 2.5 to 6 MiB of a Go agent on a quiet machine, more than
   * 8 MiB on a busy one; Linux lets a TCP window grow to 32 MiB and a send buffer to 4 MiB. A lower cap breaks honest streams.
   */
  readonly maxUnread: number;
  /** Unsent bytes of a stream above which `write` answers false. */
  readonly writeHighWater: number;
  /** Unsent bytes of a stream above which it is closed. */
  readonly maxUnsent: number;
  /** Payload of one DATA message: one WebSocket is shared, long messages delay everybody else. */
  readonly maxData: number;
  /** Bytes waiting in the socket above which streams queue and take turns. */
  readonly socketHighWater: number;
}

export const defaultLimits: Limits = {
  pauseAbove: 256 << 10,
  maxUnread: 48 << 20,
  writeHighWater: 256 << 10,
  maxUnsent: 8 << 20,
  maxData: 32 << 10,
  socketHighWater: 1 << 20,
};

/** What a budget sees of a stream. */
export interface BudgetMember {
  /** Memory. */
  readonly heldBytes: number;
  /** Bytes that `spill` would move out of memory. */
  readonly spillableBytes: number;
  /** Its reader takes little, or nothing just now. */
  readonly isWaiting: boolean;
  spill(store: Spill): void;
  abort(text: string): void;
}

export interface BudgetOptions {
  /** Bytes of memory. */
  readonly limit?: number;
  /** Where bytes go that wait for slow readers, once more than `spillAbove` are held. Absent: they stay. */
  readonly spill?: Spill;
  readonly spillAbove?: number;
}

/**
 * Memory held by all streams of one object, over all its sessions. When much is held, the fullest streams' bytes go to the
 * store that the host gives; over the limit the fullest stream is closed: the one that hurts the others most, and only that one.
 */
export class Budget {
  readonly #limit: number;
  readonly #spill: Spill | undefined;
  readonly #spillAbove: number;
  /** A little less than that at a time would be a transaction for each message. */
  readonly #spillDownTo: number;
  /** Above it bytes of quick readers go there, too: those are wanted back at once. */
  readonly #spillAllAbove: number;
  readonly #members = new Set<BudgetMember>();
  #held = 0;
  #peak = 0;
  #relieving = false;

  constructor({ limit = 64 << 20, spill, spillAbove = limit * (3 / 8) }: BudgetOptions = {}) {
    this.#limit = limit;
    this.#spill = spill;
    this.#spillAbove = spillAbove;
    this.#spillDownTo = spillAbove * (7 / 8);
    this.#spillAllAbove = (limit + 3 * spillAbove) / 4;
  }

  get held(): number {
    return this.#held;
  }

  /** The most that was held. */
  get peak(): number {
    return this.#peak;
  }

  join(member: BudgetMember): void {
    this.#members.add(member);
  }

  leave(member: BudgetMember): void {
    if (this.#members.delete(member)) this.#held -= member.heldBytes;
  }

  /** Called after a member's `heldBytes` changed by `delta`. */
  changed(delta: number): void {
    this.#held += delta;
    if (delta <= 0 || this.#relieving) return;
    this.#relieving = true;
    try {
      this.#spillFullest();
      this.#closeFullest();
    } finally {
      this.#relieving = false;
      this.#peak = Math.max(this.#peak, this.#held);
    }
  }

  #spillFullest(): void {
    if (this.#spill === undefined || this.#held <= this.#spillAbove) return;
    while (this.#held > this.#spillDownTo) {
      const all = this.#held > this.#spillAllAbove;
      let fullest: BudgetMember | undefined;
      for (const member of this.#members) {
        if (member.spillableBytes >= (fullest?.spillableBytes ?? minSpillBytes) && (all || member.isWaiting))
          fullest = member;
      }
      const before = this.#held;
      fullest?.spill(this.#spill);
      // Nobody has much, or the store has no room.
      if (this.#held >= before) return;
    }
  }

  #closeFullest(): void {
    while (this.#held > this.#limit) {
      let fullest: BudgetMember | undefined;
      for (const member of this.#members) {
        if (fullest === undefined || member.heldBytes > fullest.heldBytes) fullest = member;
      }
      if (fullest === undefined || fullest.heldBytes === 0) return;
      const before = this.#held;
      fullest.abort("buffer budget exceeded");
      if (this.#held >= before) throw new Error("a stream that was aborted still holds its buffers");
    }
  }
}
