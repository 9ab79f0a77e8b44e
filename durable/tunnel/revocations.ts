/**
 * Which registration tokens' sessions may stay. An agent's connect is judged by the API Worker, and comes here a moment later: its
 * token may have been revoked in between, when there was no session of it yet to be closed. So for a while what was said last is
 * asked of newcomers too. Not for ever: a token that is made later is one that nobody has told of.
 */
import type { RecordStore } from "./record.ts";

/** Between the judgement and the connect; clocks do not matter, both ends of it are this object's own. */
const windowMs = 60_000;

export interface Revocation {
  /** Hashes of the tokens that count. */
  readonly kept: readonly string[];
  /** Epoch milliseconds. */
  readonly at: number;
}

export class Revocations {
  readonly #record: RecordStore;
  #last: Revocation | undefined;

  constructor(record: RecordStore) {
    this.#record = record;
    this.#last = record.value.revocation;
  }

  /** These count, and no others. On disk where an agent was ever connected: the object may leave memory before a newcomer comes. */
  keep(kept: readonly string[]): void {
    this.#last = { kept, at: Date.now() };
    if (this.#record.value.clusterId !== undefined) this.#record.change({ revocation: this.#last });
  }

  /** Whether sessions of a token end, or end before they begin; one that names none counts as revoked. */
  revokes(tokenHash: string | undefined): boolean {
    if (this.#last === undefined || Date.now() - this.#last.at > windowMs) return false;
    return tokenHash === undefined || !this.#last.kept.includes(tokenHash);
  }
}
