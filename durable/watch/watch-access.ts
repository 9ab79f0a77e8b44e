/**
 * Whether the watchers of a fan-out may still watch (auth.md 10, row 38). The API Worker judges; this knows when it must be
 * asked: for whoever is new, and for everybody after a change that may have taken rights away. Nothing is asked otherwise.
 */

export interface AccessDeps {
  /** The grants of all who watch now, each once. */
  readonly grants: () => ReadonlySet<string>;
  /** Indexes of the grants that no longer hold, by the store's state at `revision` or later. */
  readonly judge: (
    grants: readonly string[],
  ) => Promise<{ readonly revision: number; readonly revoked: readonly number[] }>;
  /** Ends all who watch by these. */
  readonly end: (grants: ReadonlySet<string>) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Nobody watches longer than this by a grant that cannot be judged. */
  readonly patienceMs: number;
}

export class WatchAccess {
  readonly #deps: AccessDeps;
  /** By grant: the revision that it was judged at. */
  readonly #judged = new Map<string, number>();
  /** The last revision that may have changed somebody's rights. */
  #rightsAt = 0;
  #failingSince: number | undefined;
  #checking = false;

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  rightsChanged(revision: number): void {
    this.#rightsAt = Math.max(this.#rightsAt, revision);
  }

  /** Nobody tells of changes: everybody is to be judged anew. */
  rightsMayHaveChanged(): void {
    this.#judged.clear();
  }

  /** Asks what must be asked, if anything. Never rejects. To be called after each change, each new watcher, and often. */
  async check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      // Who came meanwhile is judged at once.
      for (let due = this.#due(); due.length > 0 && (await this.#judge(due)); due = this.#due());
    } finally {
      this.#checking = false;
    }
  }

  #due(): string[] {
    const grants = this.#deps.grants();
    for (const grant of this.#judged.keys()) if (!grants.has(grant)) this.#judged.delete(grant);
    return [...grants].filter((grant) => (this.#judged.get(grant) ?? -1) < this.#rightsAt);
  }

  /** Whether it makes sense to go on now. */
  async #judge(due: readonly string[]): Promise<boolean> {
    const { judge, end, now, patienceMs } = this.#deps;
    try {
      const { revision, revoked } = await judge(due);
      this.#failingSince = undefined;
      for (const grant of due) this.#judged.set(grant, revision);
      if (revoked.length > 0) end(new Set(revoked.flatMap((index) => due[index] ?? [])));
      return revision >= this.#rightsAt;
    } catch (error) {
      console.warn(
        JSON.stringify({ level: "warn", message: "watchers cannot be judged", error: String(error) }),
      );
      this.#failingSince ??= now();
      if (now() - this.#failingSince >= patienceMs) end(new Set(due));
      return false;
    }
  }
}
