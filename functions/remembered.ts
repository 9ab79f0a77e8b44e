/**
 * What many requests of an isolate remember of the store: data only, bounded, and for seconds (design 2). If it ended for
 * all of them at one moment, each that comes then would read it again, with a database connection of its own; so one of
 * them renews it shortly before, and the others go on with it meanwhile. Requests share no promise: what one waits for is
 * that one's alone. No I/O object is shared.
 */

/** Of the greatest age. */
const renewFrom = 0.7;
/** The one that renews may die with its client. */
const claimMs = 1_500;

export interface RememberedOptions<Value> {
  /** When a value is too old to be used. */
  readonly maxAgeMs?: number;
  /** The oldest one gives way to another. */
  readonly maxEntries?: number;
  /** Whether a value may still be used at `now`, however young it is. */
  readonly holds?: (value: Value, now: number) => boolean;
}

interface Entry<Value> {
  readonly value: Value;
  readonly seenAt: number;
  claimedAt: number;
}

export class Remembered<Value extends object> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #maxAgeMs: number;
  readonly #maxEntries: number;
  readonly #holds: (value: Value, now: number) => boolean;
  #generation = 0;

  constructor({ maxAgeMs = 10_000, maxEntries = 10_000, holds = () => true }: RememberedOptions<Value> = {}) {
    this.#maxAgeMs = maxAgeMs;
    this.#maxEntries = maxEntries;
    this.#holds = holds;
  }

  /**
   * What is remembered, or else what `load` finds; `undefined` is not kept. A `load` that began before a `forget` is not
   * kept either. Rejects as `load` does, unless what is remembered may still be used.
   */
  async read(
    key: string,
    load: () => Promise<Value | undefined>,
    now: () => number = Date.now,
  ): Promise<Value | undefined> {
    const seenAt = now();
    const known = this.#usable(key, seenAt);
    if (known !== undefined && !this.#claims(known, seenAt)) return known.value;
    const began = this.#generation;
    let value: Value | undefined;
    try {
      value = await load();
    } catch (error) {
      // Renewed too early to be a need.
      if (known === undefined || !this.#holds(known.value, now())) throw error;
      return known.value;
    }
    if (began !== this.#generation) return value;
    this.#entries.delete(key);
    if (value !== undefined) this.#keep(key, { value, seenAt, claimedAt: -Infinity });
    return value;
  }

  /** After a write of this isolate that may change what is remembered. */
  forget(): void {
    this.#generation++;
    this.#entries.clear();
  }

  #usable(key: string, now: number): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now - entry.seenAt < this.#maxAgeMs && this.#holds(entry.value, now)) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Whether the caller is the one that renews. */
  #claims(entry: Entry<Value>, now: number): boolean {
    if (now - entry.seenAt < this.#maxAgeMs * renewFrom || now - entry.claimedAt < claimMs) return false;
    entry.claimedAt = now;
    return true;
  }

  #keep(key: string, entry: Entry<Value>): void {
    const oldest = this.#entries.size >= this.#maxEntries ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, entry);
  }
}
