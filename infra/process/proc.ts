/** What /proc knows about other processes (Linux). A process that is gone or not ours to look at gives `undefined`. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { errorCode } from "../files.ts";

export interface ProcessInfo {
  /** The executable's path; ends in ` (deleted)` when the file was replaced. */
  readonly exe: string;
  readonly cwd: string;
  readonly argv: readonly string[];
}

export function processInfo(pid: number): ProcessInfo | undefined {
  try {
    return {
      exe: readlinkSync(`/proc/${pid}/exe`),
      cwd: readlinkSync(`/proc/${pid}/cwd`),
      argv: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1),
    };
  } catch {
    return undefined;
  }
}

export function allPids(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0);
}

/**
 * An identity that no later process of the same pid shares: boot id and start time in clock ticks (proc(5), field 22).
 * `undefined` when there is no such process, or only its zombie.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}:${fields[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

/**
 * Ends a process that is not our child: each signal in turn, until it is gone. Resolves to `false` when it survived all
 * of them. The caller has made sure that the pid is the process it means.
 */
export async function endProcess(
  pid: number,
  steps: readonly (readonly [signal: NodeJS.Signals, waitMs: number])[],
): Promise<boolean> {
  const identity = processIdentity(pid);
  if (identity === undefined) return true;
  for (const [signal, waitMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) === "ESRCH") return true;
      throw error;
    }
    for (const deadline = Date.now() + waitMs; Date.now() < deadline; await sleep(20)) {
      if (processIdentity(pid) !== identity) return true;
    }
  }
  return false;
}
