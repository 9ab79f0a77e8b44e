/**
 * Counts what goes through one cluster's tunnel, and reports it to `TunnelStatistics` while there is use. An idle tunnel
 * reports nothing, and has no timer pending; no request waits for a report.
 */
import { addByName, addCounts, noCounts } from "../../schema/internal/tunnel-statistics.ts";
import type { TunnelCounts, TunnelGauges, TunnelReport } from "../../schema/internal/tunnel-statistics.ts";

/** While streams are open: the object stays in memory for them anyway. */
const busyMs = 10_000;

export type Traffic = Pick<TunnelCounts, "dials" | "receivedBytes" | "sentBytes">;

export interface MeterOptions {
  /** What is true at the moment, for a report. */
  readonly gauges: () => Omit<TunnelGauges, "streams">;
  /** How many are open: asked for each one that ends, too. */
  readonly streams: () => number;
  /** Of the open sessions, and of what needs none, since it was asked last. */
  readonly traffic: () => Iterable<Traffic>;
  /** May reject: the counts then go with the next report. */
  readonly report: (report: Omit<TunnelReport, "clusterId">) => Promise<void>;
  /** A report is made while streams are open: the time to measure a round trip. */
  readonly onBusy: () => void;
  /** After the last stream (times.ts). */
  readonly reportMs: number;
}

type Counts = { -readonly [Name in keyof TunnelCounts]: TunnelCounts[Name] };

const nothing = (): Counts => ({ ...noCounts });

export class Meter {
  readonly #options: MeterOptions;
  #counts = nothing();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  /** Something was counted, or streams were open, since or at the last report. */
  #used = false;

  constructor(options: MeterOptions) {
    this.#options = options;
  }

  request(): void {
    this.#counts.requests += 1;
    this.#used = true;
    this.#reportWithin(busyMs);
  }

  error(kind: string): void {
    this.#counts.errors = addByName(this.#counts.errors, { [kind]: 1 });
    this.#used = true;
    this.streams();
  }

  opened(kind: string): void {
    this.#counts.opened = addByName(this.#counts.opened, { [kind]: 1 });
    this.#used = true;
    this.streams();
  }

  /** What a session has counted. Needs no report of its own: keepalive goes on in idle tunnels too. */
  traffic({ dials, receivedBytes, sentBytes }: Traffic): void {
    this.#counts.dials += dials;
    this.#counts.receivedBytes += receivedBytes;
    this.#counts.sentBytes += sentBytes;
  }

  /** The number of streams has changed, or what else `gauges` answers. A reconciler's stream through an idle tunnel is no use: its timer would be paid for. */
  streams(): void {
    if (!this.#used) return;
    this.#reportWithin(this.#options.streams() > 0 ? busyMs : this.#options.reportMs);
  }

  /** Forgets what has not been reported. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
    this.#counts = nothing();
  }

  #reportWithin(ms: number): void {
    const due = Date.now() + ms;
    if (due >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = due;
    this.#timer = setTimeout(() => void this.#report(), ms);
  }

  async #report(): Promise<void> {
    const { gauges, streams, traffic, report, onBusy } = this.#options;
    const now = { ...gauges(), streams: streams() };
    for (const session of traffic()) this.traffic(session);
    const added = this.#counts;
    this.stop();
    this.#used = now.streams > 0;
    if (now.streams > 0) onBusy();
    try {
      await report({ ...now, added });
    } catch {
      this.#counts = { ...addCounts(this.#counts, added) };
    }
  }
}
