/** How long a new token lives (auth.md 3.4, "Ingest"). Pure. All results are milliseconds; 0 = never expires. */

export interface TtlPolicy {
  /** What `ttl: 0` means; 0 or less: the maximum. */
  readonly defaultMinutes: number;
  /** Cap; below 1: none. */
  readonly maxMinutes: number;
}

const minute = 60_000;
/** Longer lives are this long: sums with them stay dates (a `Date` ends at 8.64e15). */
const hundredYears = 100 * 365.25 * 24 * 60 * minute;
const lastDate = 8.64e15;

/** 0 → the default (or else the maximum); negative → no expiry, if nothing caps it; above the maximum → the maximum. */
export function ingestTtl(requestedMs: number, policy: TtlPolicy): number {
  const max = policy.maxMinutes >= 1 ? policy.maxMinutes * minute : Number.POSITIVE_INFINITY;
  const standard = policy.defaultMinutes >= 1 ? policy.defaultMinutes * minute : max;
  const wanted = requestedMs === 0 ? standard : requestedMs < 0 ? Number.POSITIVE_INFINITY : requestedMs;
  const granted = Math.min(wanted, max);
  return Number.isFinite(granted) ? Math.floor(Math.min(granted, hundredYears)) : 0;
}

/** Epoch milliseconds at which a token is no longer valid (it is invalid AT that moment), or `undefined` for never. */
export function expiryOf(createdAt: number, ttlMs: number): number | undefined {
  return ttlMs <= 0 ? undefined : Math.min(createdAt + ttlMs, lastDate);
}
