/** Load on one URL by the Go program of test/peers, and the CPU time that the server took for it. */
import { buildPeer, startPeer } from "../peers/peers.ts";
import { cpuSeconds } from "./cpu.ts";

export interface Target {
  readonly name: string;
  readonly url: string;
  /** Absent: no TLS. */
  readonly ca?: string;
  readonly token?: string;
  /** Processes whose CPU time counts as the server's, with their children. */
  readonly pids: readonly number[];
}

export interface Row {
  /** A second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** A request, an event or an echo. */
  readonly cpuMicros: number;
}

export interface Transfer {
  /** MB a second. */
  readonly rate: number;
  readonly cpuSeconds: number;
}

interface Report {
  readonly requests?: number;
  readonly failures?: number;
  /** Of the last failure. */
  readonly problem?: string;
  readonly bytes?: number;
  readonly seconds?: number;
  readonly p50ms?: number;
  readonly p99ms?: number;
}

async function load(target: Target, args: readonly string[]): Promise<Report> {
  const all = ["load", "-url", target.url, "-bearer-env", "BENCH_TOKEN", ...args];
  if (target.ca !== undefined) all.push("-ca", target.ca);
  const peer = startPeer(buildPeer("v0.6.1"), all, { BENCH_TOKEN: target.token ?? "" });
  try {
    return (await peer.next("done", 600_000)) as Report;
  } finally {
    await peer.stop();
  }
}

async function timed<T>({ pids }: Target, work: () => Promise<T>): Promise<{ result: T; cpu: number }> {
  const used = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = used();
  const result = await work();
  return { result, cpu: used() - before };
}

export type Kind = "get" | "watch" | "ws";

/** So many connections for so many seconds, after one second that is not counted. */
export async function measure(
  target: Target,
  connections: number,
  seconds: number,
  kind: Kind = "get",
): Promise<Row> {
  const args = ["-c", String(connections), ...(kind === "get" ? [] : [`-${kind}`]), "-seconds"];
  await load(target, [...args, "1"]);
  const { result, cpu } = await timed(target, () => load(target, [...args, String(seconds)]));
  const { requests = 0, failures = 0, problem, seconds: elapsed = 1, p50ms = 0, p99ms = 0 } = result;
  if (failures > 0 || requests === 0)
    throw new Error(`${target.name}, ${connections} connections: ${failures} failures: ${problem}`);
  return { rate: requests / elapsed, p50: p50ms, p99: p99ms, cpuMicros: (cpu / requests) * 1e6 };
}

/** What the platform lets through in one request is less than a good measurement needs. */
const maxUploadBytes = 64 * 2 ** 20;

/** So many bytes: one answer, or requests one after the other. */
export async function transfer(target: Target, direction: "down" | "up", bytes: number): Promise<Transfer> {
  const { result, cpu } = await timed(target, async () => {
    if (direction === "down") return load(target, ["-once"]);
    let elapsed = 0;
    for (let left = bytes; left > 0; left -= maxUploadBytes)
      elapsed += (await load(target, ["-upload", String(Math.min(left, maxUploadBytes))])).seconds ?? 0;
    return { bytes, seconds: elapsed };
  });
  const { bytes: got = 0, seconds: elapsed = 1 } = result;
  if (got !== bytes) throw new Error(`${target.name}: ${got} bytes instead of ${bytes}`);
  return { rate: bytes / elapsed / 1e6, cpuSeconds: cpu };
}

/** Columns to the right of a name, by their headings' widths. */
export function line(name: string, cells: readonly string[], headings: readonly string[]): string {
  return [name.padEnd(28), ...cells.map((cell, at) => cell.padStart((headings[at] ?? "").length + 2))].join(
    "",
  );
}
