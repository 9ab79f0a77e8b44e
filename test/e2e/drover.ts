/** A whole Drover as a user starts it: the launcher as a process of its own, in a temporary data directory. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { call, callJson } from "../../infra/cli/client.ts";
import type { Answer, Connection } from "../../infra/cli/client.ts";
import { allPids, processInfo } from "../../infra/process/proc.ts";
import { keepEvicting, withEvictions } from "../evictions/evictions.ts";

export const root = join(import.meta.dirname, "../..");

export interface Drover {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly caPath: string;
  readonly ca: string;
  /** Everything that the launcher has printed. */
  readonly output: () => string;
  /** The generated password: printed at the first start only. */
  readonly password: string | undefined;
  readonly launcher: ChildProcess;
  readonly startedInMs: number;
  /** Ctrl-C, and the wait for the end. Resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
}

export interface DroverOptions {
  readonly dataDir?: string;
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Of the CA that signs the server's certificate, when it is not the local one. */
  readonly caPath?: string;
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), "drover-e2e-"));
}

/** The environment without what this machine's user may have set for Drover or for kubectl. */
export function cleanEnv(extra: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(DROVER_|CATTLE_|KUBECONFIG$|VITEST)/.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

/** Starts Drover and resolves when it serves; rejects with its output when it ends before. */
export async function startDrover(options: DroverOptions = {}): Promise<Drover> {
  const dataDir = options.dataDir ?? newDataDir();
  const began = Date.now();
  const args = [
    withEvictions ? "test/evictions/main.ts" : "infra/start/main.ts",
    "--port",
    String(options.port ?? 0),
    "--data-dir",
    dataDir,
    ...(options.args ?? []),
  ];
  const launcher = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: cleanEnv(options.env),
    detached: true,
  });
  let output = "";
  launcher.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  launcher.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => launcher.on("close", (code) => resolve(code)));
  const deadline = Date.now() + 90_000;
  let port: number | undefined;
  while (port === undefined) {
    const found = /https:\/\/localhost:(\d+)/.exec(output)?.[1];
    if (found !== undefined && output.includes("npm run drover -- login")) port = Number(found);
    else if (launcher.exitCode !== null)
      throw new Error(`Drover ended with code ${launcher.exitCode}:\n${output}`);
    else if (Date.now() > deadline) throw new Error(`Drover did not start within 90 s:\n${output}`);
    else await sleep(20);
  }
  const stopping = Promise.withResolvers<void>();
  if (withEvictions)
    void keepEvicting(join(dataDir, "run", "evictor.sock"), Promise.race([stopping.promise, exited]));
  const caPath = options.caPath ?? join(dataDir, "tls", "ca.crt");
  return {
    url: `https://localhost:${port}`,
    port,
    dataDir,
    caPath,
    ca: readFileSync(caPath, "utf8"),
    output: () => output,
    password: /password[^\n]*?:\s*(\S+)/i.exec(output)?.[1],
    launcher,
    startedInMs: Date.now() - began,
    stop() {
      // Its request would keep workerd running until the launcher loses patience.
      stopping.resolve();
      launcher.kill("SIGINT");
      return exited;
    },
  };
}

export function removeDataDir(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Process ids of one installation by the name of their program. */
export function processesOf({ dataDir }: Drover, program: string): number[] {
  return allPids().filter((pid) => {
    const info = processInfo(pid);
    if (info === undefined || basename(info.exe.replace(/ \(deleted\)$/, "")) !== program) return false;
    return info.argv.some((argument) => argument.includes(dataDir));
  });
}

/** Logs in over HTTP and returns a connection with the session token. */
export async function loginAs(
  drover: Drover,
  username: string,
  password: string,
): Promise<Connection & { token: string }> {
  const connection = { server: drover.url, ca: drover.ca };
  const { token } = await callJson<{ token: string }>(connection, "POST", "/v1-public/login", {
    type: "localProvider",
    username,
    password,
    responseType: "json",
  });
  return { ...connection, token };
}

/** Polls until `look` gives a value; rejects with what it saw last. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let problem: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: problem });
    }
    await sleep(100);
  }
}

export { call, callJson };
export type { Answer, Connection };
