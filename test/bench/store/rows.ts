/** What is measured on each server, by the client-go program. */
import { availableParallelism } from "node:os";
import process from "node:process";
import type { Peer } from "../../peers/peers.ts";
import { startClientGo } from "../../clientgo/clientgo.ts";
import type { ClientGoMode } from "../../clientgo/clientgo.ts";
import { busySeconds, cpuSecondsOf } from "./process-cpu.ts";
import type { Target } from "./targets.ts";

export interface Row {
  readonly title: string;
  /** What ratios are made of: more is better, or less is. */
  readonly better: "rate" | "latency";
  readonly mode: ClientGoMode;
  readonly flags: Readonly<Record<string, string | number | boolean>>;
}

export interface Figures {
  /** Per second. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Seconds of all server processes. */
  readonly cpu: number;
  /** How many answers, or events at all watchers. */
  readonly count: number;
  /** Of one answer; 0 where it is of no interest. */
  readonly bytes: number;
  /** Share of all cores, 0 to 1, that went to neither servers nor clients: figures of a busy machine are worth less. */
  readonly others: number;
  /** What went wrong, in words. */
  readonly problem: string | undefined;
}

export interface RowOptions {
  readonly seconds: number;
  readonly objects: number;
}

export function rowsOf({ seconds, objects }: RowOptions): Row[] {
  const load = (op: string, c: number): Row => ({
    title: `${op}, ${c} client${c === 1 ? "" : "s"}`,
    better: "rate",
    mode: "load",
    flags: { op, c, seconds },
  });
  const list = (table: boolean): Row => ({
    title: `list of ${objects}, ${table ? "Table" : "JSON"}`,
    better: "latency",
    mode: "load",
    flags: { op: "list", c: 1, seconds, objects, table },
  });
  const watch = (watchers: number, updates: number): Row => ({
    title: `update to event, ${watchers} watcher${watchers === 1 ? "" : "s"}`,
    better: "latency",
    mode: "watch",
    flags: { watchers, updates },
  });
  return [
    ...["create", "update", "get"].flatMap((op) => [1, 16, 64].map((clients) => load(op, clients))),
    watch(1, 200),
    watch(100, 100),
    watch(1_000, 30),
    list(false),
    list(true),
  ];
}

/** Runs one row; the CPU time is that from the end of the warm-up to the end of the measurement. */
export async function measure(binary: string, target: Target, row: Row): Promise<Figures> {
  const clients: Peer = startClientGo(binary, row.mode, target.kubeconfig, row.flags);
  try {
    await clients.next("measuring", 600_000);
    const began = performance.now();
    const [cpuBefore, oursBefore, busyBefore] = [cpuSecondsOf(target.pids), ours(target), busySeconds()];
    const done = (await clients.next("done", 600_000)) as unknown as Record<string, number | string>;
    const cpu = cpuSecondsOf(target.pids) - cpuBefore;
    const foreign = busySeconds() - busyBefore - (ours(target) - oursBefore);
    const offered = ((performance.now() - began) / 1_000) * availableParallelism();
    const number = (name: string): number => Number(done[name] ?? 0);
    const count = row.mode === "watch" ? number("events") : number("requests");
    return {
      rate: row.mode === "watch" ? 0 : count / number("seconds"),
      p50: number("p50ms"),
      p99: number("p99ms"),
      cpu,
      count,
      bytes: number("bytes"),
      others: Math.max(0, foreign / offered),
      problem: problemOf(row, done),
    };
  } finally {
    await clients.stop();
  }
}

/** CPU seconds of the servers, of the clients and of this process. */
function ours({ pids }: Target): number {
  return cpuSecondsOf([process.pid, ...pids]);
}

function problemOf({ mode }: Row, done: Readonly<Record<string, number | string>>): string | undefined {
  if (mode === "watch") {
    const { missed, doubled, reordered, ended } = done;
    const total = Number(missed) + Number(doubled) + Number(reordered) + Number(ended);
    return total === 0
      ? undefined
      : `${missed} events missed, ${doubled} doubled, ${reordered} reordered, ${ended} watches ended`;
  }
  return Number(done["failures"]) === 0 ? undefined : `${done["failures"]} failed: ${done["failure"]}`;
}
