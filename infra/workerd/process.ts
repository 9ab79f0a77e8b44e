/** Runs `workerd serve` as a child process and waits until the API answers. */
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log, LogLevel } from "../log.ts";
import type { Part } from "../process/child.ts";
import { startChild } from "../process/child.ts";
import { allPids, endProcess, processInfo } from "../process/proc.ts";
import { UserError } from "../user-error.ts";
import { control } from "./control.ts";

export interface WorkerdOptions {
  readonly configPath: string;
  readonly httpSocket: string;
  readonly controlSocket: string;
  readonly evictorSocket: string;
  readonly log: Log;
  /**
   * What to wait for: that the API has reached its database, or, after a restart, that it answers at all. A database that is
   * away is no reason to end a healthy workerd, which says so itself to whoever asks.
   */
  readonly until: "ready" | "alive";
  /** How long that may take. */
  readonly readyMs?: number;
  readonly signal?: AbortSignal;
  /** Allows what the product does not use: modules for tests. */
  readonly experimental?: boolean;
}

const READY_MS = 30_000;
const POLL_MS = 20;

/** Starts workerd; resolves when the API answers on the control socket. Throws `UserError` when it ends before that. */
export async function startWorkerd(options: WorkerdOptions): Promise<Part> {
  const {
    configPath,
    httpSocket,
    controlSocket,
    evictorSocket,
    log,
    until,
    readyMs = READY_MS,
    signal,
  } = options;
  for (const path of [httpSocket, controlSocket, evictorSocket]) rmSync(path, { force: true });
  const lastLines: string[] = [];
  const part = startChild({
    command: workerdBinary(),
    args: ["serve", ...(options.experimental === true ? ["--experimental"] : []), configPath],
    env: {},
    // With open sockets workerd does not end on SIGTERM by itself (platform.md 13).
    stopSteps: [["SIGTERM", 3000]],
    lastSignal: "SIGKILL",
    signal,
    onLine: (line) => {
      const entry = parseLogLine(line);
      if (entry === undefined) return;
      lastLines.push(entry.message);
      if (lastLines.length > 5) lastLines.shift();
      log(entry.level, "workerd", entry.message);
    },
  });
  const ended = part.exited.then((reason) => [reason, ...lastLines].join("; "));
  const over = new AbortController();
  void part.exited.then(() => over.abort());
  const problem = await Promise.race([ended, firstAnswer(controlSocket, until, readyMs, over.signal)]);
  if (problem === undefined) return part;
  await part.stop();
  throw new UserError(`workerd did not start: ${problem}`);
}

/** Asks until the API answers. Resolves to what was wrong when it did not within so many milliseconds, or was `over` before. */
async function firstAnswer(
  controlSocket: string,
  until: WorkerdOptions["until"],
  withinMs: number,
  over: AbortSignal,
): Promise<string | undefined> {
  // There is no such path: the API says so without asking its database.
  const path = until === "ready" ? "/ready" : "/alive";
  let problem = "no answer";
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(POLL_MS)) {
    if (over.aborted) break;
    try {
      const answer = await control(controlSocket, "GET", path, { timeoutMs: deadline - Date.now() });
      if (answer.status === 200 || until === "alive") return undefined;
      problem = `GET ${path} answers ${answer.status} ${answer.body}`.trim();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return problem;
}

/** Ends workerd processes that a killed launcher left behind: those that serve our configuration file. */
export async function endWorkerdOrphans(configPath: string, log: Log): Promise<void> {
  for (const pid of allPids()) {
    const info = processInfo(pid);
    if (info === undefined || !info.argv.includes(configPath)) continue;
    if (basename(info.exe.replace(/ \(deleted\)$/, "")) !== "workerd") continue;
    log("info", "workerd", `ending process ${pid}, left behind by an earlier start`);
    const ended = await endProcess(pid, [
      ["SIGTERM", 1000],
      ["SIGKILL", 5000],
    ]);
    if (!ended) throw new UserError(`process ${pid}, an orphaned workerd, does not end`);
  }
}

/** The binary itself: the npm wrapper in `.bin` would be one more process between us and it. */
function workerdBinary(): string {
  const loaded: unknown = createRequire(import.meta.url)("workerd");
  if (
    typeof loaded === "object" &&
    loaded !== null &&
    "default" in loaded &&
    typeof loaded.default === "string"
  ) {
    return loaded.default;
  }
  throw new Error("the npm package workerd does not name its binary");
}

/**
 * A line of workerd's structured log: `{"level":"error","message":"…"}`. What is not JSON comes from before logging is set
 * up, and is passed on as a warning.
 */
export function parseLogLine(
  line: string,
): { readonly level: LogLevel; readonly message: string } | undefined {
  if (line.trim() === "") return undefined;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return { level: "warn", message: line };
  }
  if (typeof entry !== "object" || entry === null || !("message" in entry))
    return { level: "warn", message: line };
  const message = typeof entry.message === "string" ? entry.message : JSON.stringify(entry.message);
  if (DEFAULT_FLAG.test(message)) return undefined;
  switch ("level" in entry ? entry.level : undefined) {
    case "error":
    case "fatal":
      return { level: "error", message };
    case "warn":
    case "warning":
      return { level: "warn", message };
    case "debug":
      return { level: "debug", message };
    default:
      return { level: "info", message };
  }
}

/** wrangler needs the flag spelled out, and the configurations should be the same. */
const DEFAULT_FLAG = /compatibility flag \w+ became the default/;
