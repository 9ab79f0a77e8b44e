/** CPU time of processes, from /proc (proc(5), fields 14 and 15). */
import { readFileSync, readdirSync } from "node:fs";

/** Linux gives every architecture that Drover runs on 100 ticks a second. */
const ticksPerSecond = 100;

/** Seconds of CPU that a process and its children (those alive) have used. */
export function cpuSeconds(pid: number): number {
  let seconds = own(pid);
  for (const child of childrenOf(pid)) seconds += cpuSeconds(child);
  return seconds;
}

function own(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((other) => Number.isInteger(other) && other > 0 && Number(statOf(other)[1]) === pid);
}

/** Fields from the third on: the second, the name in parentheses, may hold anything. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
