/** Readers of long answers through a whole Drover, slow and fast, and what they cost workerd in memory. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Connection } from "../../../infra/cli/client.ts";
import { call, processesOf } from "../../e2e/drover.ts";
import type { Drover } from "../../e2e/drover.ts";

export interface SlowReader {
  /** Bytes read so far. */
  readonly bytes: () => number;
  /** Why it ended before it was stopped. */
  readonly problem: () => string | undefined;
  readonly stop: () => void;
}

export interface Target {
  readonly drover: Drover;
  readonly admin: Connection & { token: string };
  /** Of a cluster: `/k8s/clusters/<id>`. */
  readonly prefix: string;
}

/** Begins a download of `length` bytes and reads `chunk` bytes of it every `everyMs`. Resolves with the head of the answer. */
export async function readSlowly(
  { drover, admin, prefix }: Target,
  length: number,
  { chunk, everyMs }: { chunk: number; everyMs: number },
): Promise<SlowReader> {
  const outgoing = request(`${drover.url}${prefix}/api/download?bytes=${length}`, {
    ca: drover.ca,
    agent: new Agent(),
    headers: { authorization: `Bearer ${admin.token}` },
  });
  outgoing.end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  let bytes = 0;
  let problem: string | undefined;
  let stopped = false;
  const fail = (error: Error): void => {
    if (!stopped) problem ??= error.message;
  };
  answer.on("error", fail);
  outgoing.on("error", fail);
  answer.on("readable", () => undefined);
  const timer = setInterval(() => {
    for (let left = chunk; left > 0;) {
      const piece = answer.read() as Buffer | null;
      if (piece === null) break;
      bytes += piece.length;
      left -= piece.length;
    }
  }, everyMs);
  return {
    bytes: () => bytes,
    problem: () => problem,
    stop() {
      stopped = true;
      clearInterval(timer);
      outgoing.destroy();
    },
  };
}

/** Bytes per second of one download, read as fast as possible. */
export async function readFast({ drover, admin, prefix }: Target, length: number): Promise<number> {
  const outgoing = request(`${drover.url}${prefix}/api/download?bytes=${length}`, {
    ca: drover.ca,
    agent: new Agent(),
    headers: { authorization: `Bearer ${admin.token}` },
  });
  outgoing.end();
  const began = performance.now();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  let bytes = 0;
  answer.on("data", (piece: Buffer) => (bytes += piece.length));
  await once(answer, "end");
  if (bytes !== length) throw new Error(`${bytes} of ${length} bytes`);
  return (bytes / (performance.now() - began)) * 1000;
}

export interface Times {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** `count` small GETs, one after the other. */
export async function timeGets({ admin, prefix }: Target, count: number): Promise<Times> {
  const took: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    const { status } = await call(admin, "GET", `${prefix}/api/small?bytes=1000`);
    if (status !== 200) throw new Error(`status ${status}`);
    took.push(performance.now() - began);
  }
  const sorted = took.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Resident memory of workerd. */
export function workerdMemory(drover: Drover): number {
  const [pid] = processesOf(drover, "workerd");
  if (pid === undefined) throw new Error("no workerd");
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}

/** Looks at memory until stopped, and keeps the highest. */
export function watchMemory(drover: Drover): { readonly stop: () => number } {
  let peak = workerdMemory(drover);
  const timer = setInterval(() => (peak = Math.max(peak, workerdMemory(drover))), 100);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

/** The middle one of `count` measurements. */
export async function median(count: number, measure: () => Promise<number>): Promise<number> {
  const seen: number[] = [];
  for (let index = 0; index < count; index++) seen.push(await measure());
  return seen.toSorted((a, b) => a - b)[count >> 1] ?? Number.NaN;
}
