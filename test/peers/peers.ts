/** Builds and runs the Go peers: the unmodified remotedialer in the versions that agents in the field have. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { withEvictions } from "../evictions/evictions.ts";

/** Remotedialer version → module file. v0.6.1 is Rancher's own pin; v0.3.2 sends no SYNC. */
export const peerVersions = { "v0.6.1": "go.mod", "v0.4.1": "v041.mod", "v0.3.2": "v032.mod" } as const;
export type PeerVersion = keyof typeof peerVersions;

/** Of agents before a Drover. With evictions one is enough, and it is the one that sends no SYNC, by which an agent would mend what they leave. */
export const agentVersions: readonly PeerVersion[] = withEvictions
  ? ["v0.3.2"]
  : (Object.keys(peerVersions) as PeerVersion[]);

const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".go"))
  .toSorted();

/** Path of the binary for a version; built once per content, kept in the user's cache directory. */
export function buildPeer(version: PeerVersion): string {
  const modfile = peerVersions[version];
  const hash = createHash("sha256");
  for (const name of [...sources, modfile, modfile.replace(".mod", ".sum")]) {
    hash.update(readFileSync(join(import.meta.dirname, name)));
  }
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "drover", "peers");
  const binary = join(cache, `${version}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const fresh = `${binary}.${process.pid}`;
  const build = spawnSync("go", ["build", "-trimpath", `-modfile=${modfile}`, "-o", fresh, "."], {
    cwd: import.meta.dirname,
    encoding: "utf8",
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
  });
  if (build.status !== 0) {
    rmSync(fresh, { force: true });
    throw new Error(`go build of the peers (${version}) failed:\n${build.stderr}`);
  }
  renameSync(fresh, binary);
  return binary;
}

export interface PeerEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Peer {
  readonly process: ChildProcess;
  readonly events: readonly PeerEvent[];
  /** The next event of that name, counting from the events not yet waited for. Rejects when the peer ends first. */
  readonly next: (name: string, timeoutMs?: number) => Promise<PeerEvent>;
  readonly stop: () => Promise<void>;
}

/** The peer ends when its standard input does, so it cannot outlive the test process. */
export function startPeer(binary: string, args: readonly string[], env: Record<string, string> = {}): Peer {
  const child = spawn(binary, [...args], {
    stdio: "pipe",
    env: { ...process.env, ...env },
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const events: PeerEvent[] = [];
  const seen = new Map<string, number>();
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push(JSON.parse(line) as PeerEvent);
    notify();
  });
  let ended = false;
  const exit = new Promise<void>((resolve) => {
    child.on("close", () => {
      ended = true;
      notify();
      resolve();
    });
  });

  function next(name: string, timeoutMs = 15_000): Promise<PeerEvent> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new Error(`no event "${name}" within ${timeoutMs} ms:\n${log}`)),
        timeoutMs,
      );
      function settle(outcome: PeerEvent | Error): void {
        clearTimeout(timer);
        listeners.delete(look);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
      function look(): void {
        const from = seen.get(name) ?? 0;
        const index = events.findIndex((event, position) => position >= from && event.event === name);
        const found = events[index];
        if (found !== undefined) {
          seen.set(name, index + 1);
          settle(found);
        } else if (ended) {
          settle(new Error(`the peer ended without an event "${name}":\n${log}`));
        }
      }
      listeners.add(look);
      look();
    });
  }

  return {
    process: child,
    events,
    next,
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await exit;
      clearTimeout(timer);
    },
  };
}
