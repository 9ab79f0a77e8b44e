/**
 * What all tunnels count, in one object, so that nobody need wake a cluster's own to ask. Nothing is shown before it is
 * stored: a count that was seen never goes back, which Prometheus would take for a start from zero.
 */
import { DurableObject } from "cloudflare:workers";
import type { TunnelStatisticsRpc } from "../../schema/internal/rpc.ts";
import { reported } from "../../schema/internal/tunnel-statistics.ts";
import type { ClusterStatistics, TunnelReport } from "../../schema/internal/tunnel-statistics.ts";
import type { DurableEnv } from "../env.ts";

/** Rows are paid for: with nobody who asks, a busy cluster costs one this often. */
const storeMs = 60_000;
const prefix = "cluster:";

export class TunnelStatistics extends DurableObject<DurableEnv> implements TunnelStatisticsRpc {
  readonly #clusters: Map<string, ClusterStatistics>;
  readonly #unstored = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: DurableEnv) {
    super(ctx, env);
    const rows = ctx.storage.kv.list<ClusterStatistics>({ prefix });
    this.#clusters = new Map(Array.from(rows, ([, row]) => [row.clusterId, row]));
  }

  async report(report: TunnelReport): Promise<void> {
    const { clusterId } = report;
    this.#clusters.set(clusterId, reported(this.#clusters.get(clusterId), report, Date.now()));
    this.#unstored.add(clusterId);
    this.#timer ??= setTimeout(() => this.#store(), storeMs);
  }

  async forget(clusterId: string): Promise<void> {
    this.#clusters.delete(clusterId);
    this.#unstored.delete(clusterId);
    this.ctx.storage.kv.delete(prefix + clusterId);
  }

  /** The platform holds the answer back until the rows are safe. */
  async read(): Promise<readonly ClusterStatistics[]> {
    this.#store();
    return [...this.#clusters.values()];
  }

  #store(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const clusterId of this.#unstored)
      this.ctx.storage.kv.put(prefix + clusterId, this.#clusters.get(clusterId));
    this.#unstored.clear();
  }
}
