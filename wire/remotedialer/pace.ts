/**
 * How much a peer may send at a time of a stream whose reader is slow (docs/design/tunnel.md, "Slow readers"). Pure: times are
 * given, in milliseconds.
 */

/** A reader that takes longer for what came before the peer stopped is slow. */
const slowMs = 500;
/** A round brings what the reader takes in this time, and in the time that a round needs. */
const roundMs = 500;
const minRoundBytes = 64 << 10;
/** Where a round would be more, the peer may send as it likes: it stops in time as well. */
const maxRoundBytes = 2 << 20;
/** Readers take in bursts: what counts is what they took in about this time. */
const memoryMs = 1_000;
const maxMarks = 64;
const minPerMark = 8 << 10;
const maxPerMark = 1 << 20;

export class Pace {
  /** Bytes per millisecond that the reader takes; `undefined` = it is not known to be slow. */
  #rate: number | undefined;
  /** When the peer was last told to stop, or let on for a round. */
  #since = 0;
  #taken = 0;
  #came = 0;
  #marks = 0;
  #roundTrip = 0;
  /** What a Go agent sends while it answers a mark: it copies 32 KiB at a time. */
  #perMark = 32 << 10;
  #inRound = false;
  #quick = false;

  /** The reader took in time what came before the peer stopped: it wants the next bytes at once. */
  get isQuick(): boolean {
    return this.#quick;
  }

  /** A round has been asked for, and not all of it has come. */
  get inRound(): boolean {
    return this.#inRound;
  }

  /** Unread bytes below which the peer may go on, that the reader need not wait for a slow line; not below `least`. */
  lowWater(least: number): number {
    return Math.max(least, Math.min(2 * (this.#rate ?? 0) * this.#roundTrip, maxRoundBytes / 2));
  }

  /** The peer has been told to stop. */
  held(now: number): void {
    this.#since = now;
    this.#taken = 0;
    this.#came = 0;
  }

  /** Bytes that the peer sent, */
  came(bytes: number): void {
    this.#came += bytes;
  }

  /** and that the reader took. */
  took(bytes: number): void {
    this.#taken += bytes;
  }

  /** The peer may go on. By how many marks the end of its round is put off; `undefined` = as it likes. */
  next(now: number): number | undefined {
    const ms = now - this.#since;
    if (this.#rate === undefined) {
      this.#quick = ms < slowMs;
      if (this.#quick) return undefined;
      this.#rate = this.#taken / ms;
    } else {
      this.#rate = (this.#rate * memoryMs + this.#taken) / (memoryMs + ms);
      const perMark = (this.#perMark + this.#came / this.#marks) / 2;
      this.#perMark = Math.min(maxPerMark, Math.max(minPerMark, perMark));
    }
    // More than it took: one that has become fast is found out by taking that, too.
    const wanted = Math.max(minRoundBytes, this.#rate * (roundMs + this.#roundTrip));
    if (wanted > maxRoundBytes) {
      this.#rate = undefined;
      return undefined;
    }
    this.#marks = Math.min(maxMarks, Math.ceil(wanted / this.#perMark));
    this.#inRound = true;
    this.held(now);
    return this.#marks;
  }

  /** What the peer was let send in a round has come, or is about to. */
  ended(now: number): void {
    if (!this.#inRound) return;
    this.#roundTrip = now - this.#since;
    this.#inRound = false;
  }
}
