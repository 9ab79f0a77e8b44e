/** Tells of committed revisions while somebody listens: one notice at a time, and what happens meanwhile in the next. */
import type { CommitNotice } from "../../schema/internal/rpc.ts";
import type { LogEvent } from "../../schema/store/log.ts";
import type { CommitResult } from "../../schema/store/types.ts";

/** Answers how many listen. */
export type Tell = (notice: CommitNotice) => Promise<{ readonly listeners: number }>;

/** A hub that lags reads the log instead: characters of the bodies that wait. */
const maxCharacters = 4 << 20;

export class CommitNotices {
  readonly #tell: Tell;
  /** A new writer does not know, and tells. */
  #listened = true;
  #pending: CommitNotice | undefined;
  #telling = false;
  /** An answer of "nobody" that is older than the last `resume` no longer counts. */
  #resumes = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Never rejects. A notice that fails is lost: whoever listens looks for itself every few seconds. */
  async committed(results: readonly CommitResult[], events?: readonly LogEvent[]): Promise<void> {
    const revisions = results.flatMap((result) => (result.ok ? result.revisions : []));
    if (revisions.length === 0 || !this.#listened) return;
    const from = revisions.reduce((least, revision) => Math.min(least, revision));
    const to = revisions.reduce((most, revision) => Math.max(most, revision));
    this.#pending = joined(this.#pending, { from, to, ...(events === undefined ? {} : { events }) });
    if (this.#telling) return;
    this.#telling = true;
    await this.#tellAll();
    this.#telling = false;
  }

  get isHeard(): boolean {
    return this.#listened;
  }

  /** Somebody listens. */
  resume(): void {
    this.#listened = true;
    this.#resumes++;
  }

  async #tellAll(): Promise<void> {
    while (this.#pending !== undefined) {
      const notice = this.#pending;
      const resumes = this.#resumes;
      this.#pending = undefined;
      try {
        const { listeners } = await this.#tell(notice);
        if (listeners > 0 || this.#resumes > resumes) continue;
        this.#listened = false;
        this.#pending = undefined;
      } catch (error) {
        console.warn(
          JSON.stringify({ level: "warn", message: "cannot tell of commits", error: String(error) }),
        );
      }
    }
  }
}

/** Without events, unless both have theirs and nothing is between or twice. */
function joined(first: CommitNotice | undefined, second: CommitNotice): CommitNotice {
  const from = Math.min(first?.from ?? second.from, second.from);
  const to = Math.max(first?.to ?? second.to, second.to);
  if (second.events === undefined || (first !== undefined && first.events === undefined)) return { from, to };
  const events = [...(first?.events ?? []), ...second.events];
  const isWhole =
    events.every(({ revision }, index) => revision === from + index) && events.at(-1)?.revision === to;
  const size = events.reduce((sum, { body, before }) => sum + (body?.length ?? 0) + (before?.length ?? 0), 0);
  return isWhole && size <= maxCharacters ? { from, to, events } : { from, to };
}
