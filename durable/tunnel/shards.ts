/** The other objects of a cluster whose tunnel is spread over several (docs/design/tunnel.md, "Shards"). */
import type { SessionInfo } from "../../schema/internal/rpc.ts";
import { maxShards, parseTunnelName, tunnelName } from "../../schema/internal/tunnel-name.ts";
import type { DurableEnv } from "../env.ts";

type Stub = ReturnType<DurableEnv["TUNNEL"]["getByName"]>;

export class Shards {
  readonly clusterId: string;
  readonly index: number;
  readonly #env: DurableEnv;
  readonly #known: () => number;

  /** `known`: how many this one has ever heard of. */
  constructor(env: DurableEnv, name: string, known: () => number) {
    const { clusterId, shard } = parseTunnelName(name);
    this.clusterId = clusterId;
    this.index = shard;
    this.#env = env;
    this.#known = known;
  }

  of(shard: number): Stub {
    return this.#env.TUNNEL.getByName(tunnelName(this.clusterId, shard));
  }

  /** Shard 0 speaks for all; the others know of none. */
  get others(): readonly number[] {
    if (this.index > 0) return [];
    return Array.from({ length: Math.max(0, this.#known() - 1) }, (_, at) => at + 1);
  }

  /** Where a request goes for which this one has no session; `undefined`: all have been asked. */
  next<Context extends { readonly shards?: number; readonly tried?: number }>(
    context: Context,
  ): { stub: Stub; context: Context } | undefined {
    const shards = Math.min(maxShards, Math.max(context.shards ?? 1, this.#known()));
    const tried = (context.tried ?? 0) + 1;
    if (tried >= shards) return undefined;
    return { stub: this.of((this.index + 1) % shards), context: { ...context, shards, tried } };
  }
}

/**
 * Session keys of those that should go to another shard of `shards`, so that each has its part of each kind and those above have
 * none. One of a kind always stays, wherever it is: requests find it, and a cluster is never without.
 */
export function sessionsToMove(sessions: readonly SessionInfo[], shards: number): readonly string[] {
  return (["main", "steve"] as const).flatMap((kind) => {
    const all = sessions.filter((session) => session.kind === kind && session.unproven === undefined);
    const part = Math.ceil(all.length / shards);
    const held = new Map<number, number>();
    // The newest stay.
    const moving = all
      .toSorted((a, b) => b.openedAt.localeCompare(a.openedAt))
      .filter(({ shard = 0 }) => {
        const count = (held.get(shard) ?? 0) + 1;
        held.set(shard, count);
        return shard >= shards || count > part;
      });
    return (moving.length === all.length ? moving.slice(1) : moving).map(({ sessionKey }) => sessionKey);
  });
}
