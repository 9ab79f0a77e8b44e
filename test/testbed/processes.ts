/** The processes of one test bed: started in order, their output in files, ended in order, never left behind. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const SHOWN_LOG_LINES = 15;
const PATIENCE_MS = 5_000;

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

export class Processes {
  readonly #dir: string;
  readonly #running = new Map<string, Running>();
  readonly #watchdog: ChildProcess;
  readonly #failure = new AbortController();
  #stopping = false;

  /** `dir` gets a file `<name>.log` for every process. */
  constructor(dir: string) {
    this.#dir = dir;
    // When this process dies, by kill -9 too, the pipe ends and the shell kills what its last line named. Not
    // PDEATHSIG: it needs a helper binary, and fires when the spawning thread ends, which may be a test worker.
    this.#watchdog = spawn(
      "/bin/sh",
      ["-c", 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -s KILL -- $pids'],
      { detached: true, stdio: ["pipe", "ignore", "ignore"] },
    );
    this.#watchdog.stdin?.on("error", () => {});
  }

  /** Aborts when a process ends that nobody stopped; the reason is an Error that quotes the end of its log. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  /** Process ids by name, of those that run. */
  get pids(): Record<string, number> {
    return Object.fromEntries([...this.#running].map(([name, { child }]) => [name, child.pid ?? 0]));
  }

  start(name: string, command: string, args: readonly string[]): void {
    const log = openSync(join(this.#dir, `${name}.log`), "a");
    // A session of its own: Ctrl-C in the terminal must reach only us, who end them in order. It is a process group
    // too: what the kubelet runs for `kubectl exec` ends with it.
    const child = spawn(command, args, {
      cwd: this.#dir,
      detached: true,
      stdio: ["ignore", log, log],
      env: { PATH: process.env["PATH"], HOME: this.#dir },
    });
    closeSync(log);
    const exited = new Promise<void>((resolve) => {
      const onEnd = (how: string): void => {
        this.#running.delete(name);
        this.#tellWatchdog();
        if (child.pid !== undefined) killGroup(child.pid);
        if (!this.#stopping) {
          this.#failure.abort(new Error(`${name} ended (${how}):\n${this.#endOfLog(name)}`));
        }
        resolve();
      };
      child.on("error", (error) => onEnd(error.message));
      child.on("exit", (code, signal) => onEnd(signal ?? `exit code ${code}`));
    });
    this.#running.set(name, { child, exited });
    this.#tellWatchdog();
  }

  /** Ends the named processes together, by SIGKILL after 5 s; resolves when they are gone. */
  async stop(names: readonly string[]): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      names.map(async (name) => {
        const running = this.#running.get(name);
        if (running === undefined) return;
        running.child.kill("SIGTERM");
        const timer = setTimeout(() => running.child.kill("SIGKILL"), PATIENCE_MS);
        await running.exited;
        clearTimeout(timer);
      }),
    );
  }

  /** The last step: nothing may run any more. */
  close(): void {
    this.#watchdog.kill("SIGKILL");
  }

  #tellWatchdog(): void {
    const groups = Object.values(this.pids).map((pid) => `-${pid}`);
    this.#watchdog.stdin?.write(`${groups.join(" ")}\n`);
  }

  #endOfLog(name: string): string {
    const lines = readFileSync(join(this.#dir, `${name}.log`), "utf8")
      .trimEnd()
      .split("\n");
    return lines.slice(-SHOWN_LOG_LINES).join("\n");
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It was empty.
  }
}

/** Polls until `check` says true; throws after `timeoutMs`, and the failure's reason as soon as there is one. */
export async function until(
  what: string,
  timeoutMs: number,
  failure: AbortSignal,
  check: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let problem: unknown;
    try {
      if (await check()) return;
    } catch (error) {
      problem = error;
    }
    failure.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: problem });
    await sleep(50);
  }
}
