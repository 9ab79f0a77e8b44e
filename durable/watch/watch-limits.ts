/** Times and sizes of the watch objects, in one place: tests run them faster and smaller. */

export interface WatchLimits {
  /** Watchers of one fan-out; the Worker takes the next one then. */
  readonly watchers: number;
  /** How often a fan-out says that it listens. */
  readonly tickMs: number;
  /** How often it looks for bookmarks and ends that are due. */
  readonly beatMs: number;
  /** Without watchers for so long, it may be evicted. */
  readonly idleMs: number;
  /** About: each one comes up to a quarter earlier or later, lest all come at once. */
  readonly bookmarkMs: number;
  /** Waiting for one live watcher, over which it is cut. */
  readonly waitingBytes: number;
  /** Written at once to one who catches up; the next page waits until the client has taken this one. */
  readonly pageBytes: number;
  /** Waiting for all who catch up from the log, over which the fullest is cut. */
  readonly catchUpBytes: number;
  /** A watch that is over may take so long to hand out what waits. */
  readonly graceMs: number;
  readonly ringMs: number;
  readonly ringBytes: number;
  /** Of another object. */
  readonly answerMs: number;
  /** The hub looks for commits that nobody told it of, at most so often. */
  readonly checkMs: number;
  /** The hub tells fan-outs of revisions without an event of theirs, at most so often. */
  readonly emptyMs: number;
  /** Nobody watches longer by rights that cannot be judged. */
  readonly judgeMs: number;
  /** Waiting in the hub for one fan-out; more than that it reads from the log itself. */
  readonly deliveryBytes: number;
}

const mebibyte = 1_048_576;

/** A lost notice is made up for by the next tick of any fan-out and the check that it leads to: 5 s at most. */
export const watchLimits: WatchLimits = {
  watchers: 1_000,
  tickMs: 4_000,
  beatMs: 500,
  idleMs: 10_000,
  bookmarkMs: 60_000,
  waitingBytes: 4 * mebibyte,
  pageBytes: mebibyte / 4,
  catchUpBytes: 32 * mebibyte,
  graceMs: 10_000,
  ringMs: 600_000,
  ringBytes: 16 * mebibyte,
  answerMs: 10_000,
  checkMs: 1_000,
  emptyMs: 1_000,
  judgeMs: 6_000,
  deliveryBytes: 8 * mebibyte,
};
