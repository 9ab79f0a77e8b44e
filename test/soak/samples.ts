/** Memory and handles of processes, and what `/metrics` says of the tunnels. */
import { readFileSync, readdirSync } from "node:fs";
import { call } from "../e2e/drover.ts";
import type { Connection } from "../e2e/drover.ts";

export interface TunnelSample {
  /** Steve sessions by cluster. */
  readonly sessions: ReadonlyMap<string, number>;
  /** Of all clusters. */
  readonly streams: number;
}

export interface Sample extends TunnelSample {
  /** Resident, in MB, and open files, by the name of a process. */
  readonly processes: Readonly<Record<string, { readonly mb: number; readonly files: number }>>;
}

export function processSample(pid: number): { mb: number; files: number } | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    return { mb: Math.round((pages * 4_096) / 1e6), files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

export async function tunnelSample(admin: Connection): Promise<TunnelSample> {
  const { text } = await call(admin, "GET", "/metrics");
  const steve = text.matchAll(/^drover_tunnel_sessions\{cluster="([^"]+)",kind="steve"\} (\d+)$/gm);
  const streams = text.matchAll(/^drover_tunnel_streams\{cluster="[^"]+"\} (\d+)$/gm);
  return {
    sessions: new Map(Array.from(steve, ([, cluster = "", count]) => [cluster, Number(count)])),
    streams: [...streams].reduce((total, [, count]) => total + Number(count), 0),
  };
}

/** What has grown from one quiet moment to a later one: more than a fifth and 48 MB, or more than 10 files. */
export function growth(early: Sample, late: Sample): string[] {
  const found: string[] = [];
  for (const [name, { mb, files }] of Object.entries(late.processes)) {
    const before = early.processes[name];
    if (before === undefined) continue;
    if (mb > before.mb * 1.2 + 48) found.push(`${name}: ${before.mb} to ${mb} MB`);
    if (files > before.files + 10) found.push(`${name}: ${before.files} to ${files} open files`);
  }
  return found;
}
