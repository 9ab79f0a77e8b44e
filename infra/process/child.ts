/** A long-running child process: its output by lines, its death as a promise, an orderly end. */
import type { StdioOptions } from "node:child_process";
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";

/** A running part of Drover that the supervisor watches. */
export interface Part {
  readonly pid: number;
  /** Resolves when the part is gone, with the reason in words: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** Ends the part in order; resolves when it is gone. May be called more than once. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: children do not inherit ours, which may hold passwords. */
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** How to end it: each signal, then so many milliseconds of patience. SIGKILL follows by itself. */
  readonly stopSteps: readonly (readonly [signal: NodeJS.Signals, waitMs: number])[];
  /** Sent when the launcher's own process exits without having stopped the child. */
  readonly lastSignal: NodeJS.Signals;
  readonly onLine: (line: string) => void;
  /** Ends the child as `stop` does. */
  readonly signal?: AbortSignal | undefined;
}

const running = new Map<number, NodeJS.Signals>();

// The last line of defence against orphans: an exit nobody planned. Nothing asynchronous runs here any more.
process.on("exit", () => {
  for (const [pid, signal] of running) {
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone already.
    }
  }
});

/** Starts a child in a process group of its own, so that Ctrl-C reaches only the launcher, which stops parts in order. */
export function startChild(options: ChildOptions): Part {
  const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
  const child = spawn(options.command, options.args, {
    stdio,
    cwd: "/",
    env: { ...options.env },
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  const { pid } = child;
  if (pid !== undefined) running.set(pid, options.lastSignal);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", options.onLine);
  }
  let gone = false;
  const exited = new Promise<string>((resolve) => {
    const finish = (reason: string) => {
      gone = true;
      if (pid !== undefined) running.delete(pid);
      resolve(reason);
    };
    child.on("error", (error) => {
      if (pid === undefined) finish(error.message);
    });
    child.on("exit", (code, signal) => finish(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const stop = async () => {
    for (const [signal, waitMs] of options.stopSteps) {
      if (gone) return;
      child.kill(signal);
      await within(exited, waitMs);
    }
    if (!gone) child.kill("SIGKILL");
    await exited;
  };
  let stopping: Promise<void> | undefined;
  const stopOnce = () => (stopping ??= stop());
  const { signal } = options;
  const onAbort = () => void stopOnce();
  signal?.addEventListener("abort", onAbort, { once: true });
  void exited.then(() => signal?.removeEventListener("abort", onAbort));
  if (signal?.aborted === true) onAbort();
  return { pid: pid ?? 0, exited, stop: stopOnce };
}

/** Waits for a promise, but not longer than so many milliseconds; says whether it settled in time. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: timeout, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
