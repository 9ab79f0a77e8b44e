/** The versions of every key, and what could be seen when. Pure. */
import type { Operation, SeenObject } from "./history.ts";
import type { EventLog, LogEvent } from "./streams.ts";

/** From `revision` on a key is `object`, or absent. */
export interface Version {
  readonly revision: number;
  readonly object: SeenObject | undefined;
}

const NEVER: Version = { revision: 0, object: undefined };

export class Timeline {
  readonly #versions = new Map<string, Version[]>();

  constructor({ base, events }: EventLog) {
    for (const object of base.objects) this.#add(object.key, { revision: base.revision, object });
    for (const { revision, type, object } of events) {
      this.#add(object.key, { revision, object: type === "DELETED" ? undefined : object });
    }
  }

  #add(key: string, version: Version): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) this.#versions.set(key, [NEVER, version]);
    else versions.push(version);
  }

  /** The version of a key at a revision. */
  at(key: string, revision: number): Version {
    const versions = this.#versions.get(key) ?? [NEVER];
    return versions[lastAtOrBefore(versions, revision)] ?? NEVER;
  }

  /** All objects that are there at a revision. */
  stateAt(revision: number): Map<string, SeenObject> {
    const state = new Map<string, SeenObject>();
    for (const key of this.#versions.keys()) {
      const { object } = this.at(key, revision);
      if (object !== undefined) state.set(key, object);
    }
    return state;
  }

  /** The versions that a key has at the revisions from `from` to `to`. */
  within(key: string, from: number, to: number): readonly Version[] {
    const versions = this.#versions.get(key) ?? [NEVER];
    return versions.slice(lastAtOrBefore(versions, from), lastAtOrBefore(versions, to) + 1);
  }
}

/** Two moving bounds: what is certainly committed at a time, and what may be. */
export class Horizon {
  /** By time: a client knew that the store is at least at this revision. */
  readonly #known: readonly { readonly at: number; readonly revision: number }[];
  /** By time: from then on the store may be at this revision. */
  readonly #possible: readonly { readonly at: number; readonly revision: number }[];

  /**
   * `known`: who learned when that a revision is committed. `writeOf`: what wrote a revision. Revisions are in the
   * order of commits, so one cannot be there before all earlier ones could be.
   */
  constructor(
    known: readonly { readonly at: number; readonly revision: number }[],
    events: readonly LogEvent[],
    writeOf: ReadonlyMap<number, Operation>,
  ) {
    let highest = 0;
    this.#known = known
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, revision }) => ({ at, revision: (highest = Math.max(highest, revision)) }));
    let earliest = 0;
    this.#possible = events.map(({ revision }) => {
      earliest = Math.max(earliest, writeOf.get(revision)?.began ?? 0);
      return { at: earliest, revision };
    });
  }

  /** The highest revision of which somebody knew before `at`. */
  floor(at: number): number {
    return this.#known[countBefore(this.#known, (each) => each.at < at) - 1]?.revision ?? 0;
  }

  /** The highest revision that may be there at `at`. */
  ceiling(at: number): number {
    return this.#possible[countBefore(this.#possible, (each) => each.at <= at) - 1]?.revision ?? 0;
  }
}

function lastAtOrBefore(versions: readonly Version[], revision: number): number {
  return Math.max(0, countBefore(versions, (each) => each.revision <= revision) - 1);
}

/** How many from the start fulfil a condition that holds for a beginning of the list. */
function countBefore<T>(sorted: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
