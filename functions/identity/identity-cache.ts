/** Identities remembered by one isolate: data only, bounded, at most 10 s old (design 2). No I/O object is shared. */
import { Renewal } from "../renewal.ts";
import type { Identity } from "./identity.ts";

export interface IdentityCache {
  readonly get: (key: string, now: number) => Identity | undefined;
  /** Whether the caller should read again what `get` has just given (renewal.ts). */
  readonly renews: (key: string, now: number) => boolean;
  readonly drop: (key: string) => void;
  /** `began`: `generation()` from before the identity was read; one read before a `forget` is not kept. */
  readonly set: (key: string, identity: Identity, now: number, began: number) => void;
  readonly generation: () => number;
  /** After a write of this isolate that may change identities. */
  readonly forget: () => void;
}

/** An entry is dropped when older than `maxAgeMs`, the oldest one when there are more than `maxEntries`. */
export function createIdentityCache(maxAgeMs = 10_000, maxEntries = 5_000): IdentityCache {
  const entries = new Map<
    string,
    { readonly identity: Identity; readonly until: number; readonly renewal: Renewal }
  >();
  let generation = 0;
  return {
    get(key, now) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (now < entry.until) return entry.identity;
      entries.delete(key);
      return undefined;
    },
    renews(key, now) {
      const entry = entries.get(key);
      return entry?.renewal.claim(now - (entry.until - maxAgeMs), maxAgeMs, now) === true;
    },
    drop: (key) => void entries.delete(key),
    set(key, identity, now, began) {
      if (began !== generation) return;
      entries.delete(key);
      const oldest = entries.size >= maxEntries ? entries.keys().next().value : undefined;
      if (oldest !== undefined) entries.delete(oldest);
      entries.set(key, { identity, until: now + maxAgeMs, renewal: new Renewal() });
    },
    generation: () => generation,
    forget() {
      generation++;
      entries.clear();
    },
  };
}
