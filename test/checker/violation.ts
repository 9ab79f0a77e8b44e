/** What the checker finds wrong. */

export type Rule =
  /** A watcher has no event for a revision that it passed. */
  | "lost event"
  /** A watcher has an event twice. */
  | "doubled event"
  /** A watcher has an event, or a bookmark, after one of a later revision. */
  | "reordered event"
  /** Two watchers, or a watcher and an answer, say different things about one revision. */
  | "wrong object"
  /** A watcher did not get as far as what was acknowledged. */
  | "stalled watcher"
  /** Nobody watched while revisions passed: only the streams themselves are checked. */
  | "unwatched"
  /** An acknowledged write has no event. */
  | "lost write"
  /** A write took effect more than once. */
  | "doubled write"
  /** A write that was refused took effect. */
  | "failed write took effect"
  /** An event that no write explains. */
  | "unexplained event"
  /** Something was seen before its write was sent. */
  | "seen before it was written"
  /** A write got a revision below one that was known before it was sent. */
  | "revision went back"
  /** The versions of a key do not follow from one another. */
  | "broken chain"
  /** A write went through although its precondition did not hold. */
  | "precondition ignored"
  /** A read, or a refusal, shows a state that was over before the request was sent. */
  | "stale read"
  /** A list is not the state at its own revision. */
  | "wrong list"
  /** A get shows a version that never was. */
  | "phantom read";

export interface Violation {
  readonly rule: Rule;
  /** What and where, for people. */
  readonly message: string;
  /** ns since the start. */
  readonly at: number;
}

export type Report = (rule: Rule, at: number, message: string) => void;
