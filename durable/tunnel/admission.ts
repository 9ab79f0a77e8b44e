/**
 * Who may ask a cluster now (requirement 8 of the tunnel: rate limits with priority for interactive requests). The cluster's
 * object is the one place that sees all its requests, so it keeps the count: no database, nothing shared between isolates.
 * An object that was evicted was idle, and begins with full buckets. Pure, but for the clock it is given.
 */
import type { RequestLimits } from "../../schema/internal/context.ts";

/** A bucket holds so many seconds of its rate: clients begin with bursts (kubectl's discovery asks a hundred times at once). */
const burstSeconds = 2;
/** Of every limit, the part that only interactive requests may use: a controller gone wild does not shut people out. */
const reserved = 0.25;
/** Of the unanswered requests of a cluster, the part that one user may hold. */
const userShare = 0.5;
const maxUsers = 1_000;

interface Bucket {
  rate: number;
  tokens: number;
  at: number;
}

export interface Asked {
  readonly user: string;
  /** Somebody waits for it: kubectl, a browser, a shell. */
  readonly interactive: boolean;
}

export type Admitted =
  | {
      readonly ok: true;
      /** To be called once, when the answer has begun or failed. */ readonly answered: () => void;
    }
  | { readonly ok: false; readonly retryAfter: number; readonly message: string };

export class Admission {
  readonly #now: () => number;
  readonly #cluster: Bucket = { rate: 0, tokens: 0, at: 0 };
  readonly #users = new Map<string, Bucket>();
  readonly #unanswered = new Map<string, number>();
  #allUnanswered = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Takes a place for one request, or says after how many whole seconds to ask again. */
  admit({ user, interactive }: Asked, limits: RequestLimits): Admitted {
    const open = interactive ? 1 : 1 - reserved;
    const held = this.#unanswered.get(user) ?? 0;
    const most = limits.unanswered === 0 ? Infinity : limits.unanswered;
    if (this.#allUnanswered >= most * open)
      return refused(1, "too many requests wait for the cluster's answer");
    if (held >= most * userShare * open)
      return refused(1, `too many requests of ${user} wait for the cluster's answer`);

    const now = this.#now();
    const own = this.#bucket(user, now, limits.perUser);
    const shared = refill(this.#cluster, now, limits.perCluster);
    const ownWait = wait(own, limits.perUser, interactive);
    if (ownWait > 0) return refused(ownWait, `${user} makes more than ${limits.perUser} requests a second`);
    const sharedWait = wait(shared, limits.perCluster, interactive);
    if (sharedWait > 0)
      return refused(sharedWait, `the cluster is asked more than ${limits.perCluster} times a second`);
    own.tokens -= 1;
    shared.tokens -= 1;
    this.#unanswered.set(user, held + 1);
    this.#allUnanswered += 1;
    return { ok: true, answered: () => this.#answered(user) };
  }

  #answered(user: string): void {
    this.#allUnanswered -= 1;
    const left = (this.#unanswered.get(user) ?? 1) - 1;
    if (left > 0) this.#unanswered.set(user, left);
    else this.#unanswered.delete(user);
  }

  #bucket(user: string, now: number, rate: number): Bucket {
    let bucket = this.#users.get(user);
    if (bucket === undefined) {
      if (this.#users.size >= maxUsers) this.#forgetFull(now, rate);
      bucket = { rate: 0, tokens: 0, at: now };
      this.#users.set(user, bucket);
    }
    return refill(bucket, now, rate);
  }

  /** A full bucket says nothing that an absent one does not. */
  #forgetFull(now: number, rate: number): void {
    for (const [user, bucket] of this.#users)
      if (refill(bucket, now, rate).tokens >= rate * burstSeconds) this.#users.delete(user);
  }
}

function refill(bucket: Bucket, now: number, rate: number): Bucket {
  const gained = (Math.max(0, now - bucket.at) / 1000) * rate;
  // Under another limit than before, everybody begins anew.
  bucket.tokens =
    bucket.rate === rate ? Math.min(bucket.tokens + gained, rate * burstSeconds) : rate * burstSeconds;
  bucket.rate = rate;
  bucket.at = now;
  return bucket;
}

/** Seconds until there is a token above what is reserved, rounded up; 0 when there is one, or no limit. */
function wait({ tokens }: Bucket, rate: number, interactive: boolean): number {
  if (rate === 0) return 0;
  const floor = interactive ? 0 : rate * burstSeconds * reserved;
  const missing = 1 + floor - tokens;
  return missing <= 0 ? 0 : Math.max(1, Math.ceil(missing / rate));
}

function refused(retryAfter: number, message: string): Admitted {
  return { ok: false, retryAfter, message };
}

/** What people use names itself so. Whoever claims it wrongly uses up only what is his own. */
const interactiveAgents = /^(?:kubectl|oc|helm|k9s|rancher|curl|mozilla|freelens|lens)\b/i;

/** By what a request says of itself: an upgrade, a log that is followed, a tool in somebody's hand. */
export function isInteractive(headers: Headers, target: string): boolean {
  return (
    headers.has("upgrade") ||
    /[?&]follow=(?:true|1)\b/.test(target) ||
    interactiveAgents.test(headers.get("user-agent") ?? "")
  );
}
