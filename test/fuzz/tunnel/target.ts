/** What can be fuzzed. An episode is repeated by its seed alone, whatever ran before it. */
import type { Random } from "./random.ts";

export interface FuzzTarget {
  readonly name: string;
  /** Of all messages, this share is the target's. */
  readonly share: number;
  /** Makes what its episodes share: servers, connections. */
  readonly start?: () => Promise<Episode & { readonly stop: () => Promise<void> }>;
  /** Where nothing is shared. */
  readonly episode?: Episode["episode"];
}

export interface Episode {
  /** Sends about `messagesPerEpisode` malformed messages; throws `Found` at the first fault. Returns how many it sent. */
  readonly episode: (random: Random) => number | Promise<number>;
}

export const messagesPerEpisode = 100;

/** Something that must not happen has happened. */
export class Found extends Error {
  override readonly name = "Found";
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Found(what);
}

/** Whatever code under test throws is a fault: it is called with bytes of a peer. */
export function mustNotThrow<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof Found ? error : new Found(`${what} threw`, { cause: error });
  }
}
