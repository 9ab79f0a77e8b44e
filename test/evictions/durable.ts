/**
 * The durable script for tests with evictions: a tunnel's object leaves memory, its agents' sockets open, as soon as nothing is under way
 * in it, and not only after ten seconds. workerd waits for requests, streams, timers and calls, as before its own hibernation.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import unsafe from "workerd:unsafe";
import type { DurableEnv } from "../../durable/env.ts";
import { ClusterTunnel as Tunnel } from "../../durable/tunnel/cluster-tunnel.ts";
import type { TunnelTimes } from "../../durable/tunnel/times.ts";

export * from "../../durable/worker.ts";
export { default } from "../../durable/worker.ts";

/** Long enough for a stream to be kept from one request to the next. */
const quick: TunnelTimes = { keptMs: 250, reportMs: 50 };
const lookMs = 5;

/** Names of the objects that are in memory and not being evicted. */
const awake = new Set<string>();

export class ClusterTunnel extends Tunnel {
  constructor(ctx: DurableObjectState, env: DurableEnv) {
    super(ctx, env);
    awake.add(ctx.id.name ?? "");
  }

  protected override get times(): TunnelTimes {
    return quick;
  }
}

/** Evicts as long as its one request lasts. Lines of the answer: `woke NAME`, `evicted NAME`. */
export class Evictor extends WorkerEntrypoint<DurableEnv> {
  override fetch(): Response {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.ctx.waitUntil(this.#run(writable.getWriter()));
    return new Response(readable);
  }

  async #run(lines: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
    let over = false;
    void lines.closed.catch(() => (over = true));
    const say = (line: string): Promise<void> =>
      lines.write(new TextEncoder().encode(`${line}\n`)).catch(() => void (over = true));
    while (!over) {
      for (const name of awake) {
        awake.delete(name);
        void say(`woke ${name}`);
        void this.#evict(name).then(say);
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  async #evict(name: string): Promise<string> {
    try {
      await unsafe.evict(this.env.TUNNEL.getByName(name), { webSockets: "hibernate" });
      return `evicted ${name}`;
    } catch {
      // It has been busy for half a minute, with a stream of somebody's.
      awake.add(name);
      return `busy ${name}`;
    }
  }
}
