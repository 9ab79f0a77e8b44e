/**
 * CPU time of process trees, from /proc (proc(5), fields 14 to 17). Unlike ../cpu.ts it counts children that have ended
 * and were waited for: PostgreSQL has a process for each connection, and some live for one request.
 */
import { readFileSync, readdirSync } from "node:fs";

/** Linux gives every architecture that Drover runs on 100 ticks a second. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that these processes and all their descendants have used. */
export function cpuSecondsOf(pids: readonly number[]): number {
  const stats = new Map<number, readonly string[]>();
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (fields !== undefined) stats.set(Number(name), fields);
  }
  let ticks = 0;
  const counted = new Set<number>();
  const open = [...pids];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (counted.has(pid)) continue;
    counted.add(pid);
    // utime, stime, and the same of children that were waited for.
    for (const index of [11, 12, 13, 14]) ticks += Number(stats.get(pid)?.[index] ?? 0);
    for (const [child, fields] of stats) if (Number(fields[1]) === pid) open.push(child);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Seconds that all cores together were busy since the machine started, time that a hypervisor took away included. */
export function busySeconds(): number {
  // user, nice, system, idle, iowait, irq, softirq, steal
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    readFileSync("/proc/stat", "utf8").split("\n")[0] ?? ""
  )
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** Fields from the third on: the second, the name in parentheses, may hold anything. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
