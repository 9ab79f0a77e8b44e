/** The last events of one type, so that those who come back read no log: bounded by age and by memory. Pure. */
import type { LogEvent } from "../../schema/store/log.ts";
import { LoggedEvent } from "./watch-lines.ts";

export interface RingLimits {
  readonly ringMs: number;
  readonly ringBytes: number;
}

interface Entry {
  readonly logged: LoggedEvent;
  readonly addedAt: number;
}

export class EventRing {
  readonly #limits: RingLimits;
  #entries: Entry[] = [];
  /** Index of the oldest entry: shifting a long array moves all of it. */
  #head = 0;
  #start: number;
  #bytes = 0;

  /** Knows all events after `start`, once they are pushed. */
  constructor(start: number, limits: RingLimits) {
    this.#start = start;
    this.#limits = limits;
  }

  /** Every event after this revision, up to the last pushed one, is here. */
  get start(): number {
    return this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** In ascending order of revisions. */
  push(event: LogEvent, now: number): LoggedEvent {
    const logged = new LoggedEvent(event);
    logged.onGrown = (bytes) => (this.#bytes += bytes);
    this.#bytes += logged.bytes;
    this.#entries.push({ logged, addedAt: now });
    return logged;
  }

  trim(now: number): void {
    for (;;) {
      const oldest = this.#entries[this.#head];
      if (oldest === undefined) break;
      const old = now - oldest.addedAt >= this.#limits.ringMs;
      if (!old && this.#bytes <= this.#limits.ringBytes) break;
      this.#head++;
      this.#bytes -= oldest.logged.bytes;
      oldest.logged.onGrown = undefined;
      this.#start = oldest.logged.event.revision;
    }
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Those after `revision`, in order. Complete only if `revision` is not before `start`. */
  *after(revision: number): Iterable<LoggedEvent> {
    for (let index = this.#firstAfter(revision); index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry !== undefined) yield entry.logged;
    }
  }

  #firstAfter(revision: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.logged.event.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
