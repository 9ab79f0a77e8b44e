/**
 * When the next password hash may run in this isolate. A hash holds the one JavaScript thread for about 130 ms, so a
 * flood of logins would starve all other requests of the isolate: hashes therefore start at least 250 ms apart, and the
 * line is short. Slots are reserved by time, not by a lock: a holder whose client left would never release a lock,
 * because its continuation does not run. (The limit per address and user name is another matter, and another object's.)
 */

export interface HashSlots {
  /** Milliseconds to wait before hashing, or `undefined` when the line is full. A granted slot is taken. */
  readonly reserve: (now: number) => number | undefined;
  /** Seconds after which a refused caller should come again. */
  readonly retryAfter: number;
}

export function createHashSlots(spacingMs = 250, longestWaitMs = 5_000): HashSlots {
  let next = 0;
  return {
    reserve(now) {
      const slot = Math.max(now, next);
      if (slot - now > longestWaitMs) return undefined;
      next = slot + spacingMs;
      return slot - now;
    },
    retryAfter: Math.ceil(longestWaitMs / 1000),
  };
}
