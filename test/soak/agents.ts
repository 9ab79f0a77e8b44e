/** Agents as processes, that can be killed and stopped: Go's remotedialer of three versions, and our own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { buildPeer, peerVersions } from "../peers/peers.ts";
import type { PeerVersion } from "../peers/peers.ts";
import type { Link } from "./links.ts";

export type AgentKind = PeerVersion | "ours";
export const agentKinds: readonly AgentKind[] = [...(Object.keys(peerVersions) as PeerVersion[]), "ours"];

export interface SoakAgent {
  readonly kind: AgentKind;
  /** `undefined` while it is killed. */
  readonly pid: () => number | undefined;
  /** The last lines that it printed. */
  readonly said: () => string;
  readonly start: () => void;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
}

/**
 * Whether a goroutine dump shows the deadlock of remotedialer v0.4.1: `Session.Close` waits, with the session's lock, for the
 * goroutine of its pings, which waits for that lock to send a SYNC. v0.6.1 takes the lock afterwards.
 */
export function isDeadlocked(dump: string): boolean {
  return ["stopPings", "activeConnectionIDs"].every((name) =>
    dump.includes(`remotedialer.(*Session).${name}(`),
  );
}

export interface AgentOptions {
  readonly kind: AgentKind;
  readonly link: Link;
  readonly token: string;
  readonly caPath: string;
  /** What Drover's CONNECT names. */
  readonly address: string;
}

/** Each process ends with its standard input, and so with the soak. */
export function soakAgent({ kind, link, token, caPath, address }: AgentOptions): SoakAgent {
  const go = buildPeer(kind === "ours" ? "v0.6.1" : kind);
  const url = `wss://${link.host}:${link.port}/v3/connect`;
  // Without a namespace of its own, an agent finds the address taken, and its streams go to whoever has it.
  const listen = link.prefix.length > 0 ? address : "127.0.0.1:0";
  let said = "";
  const run = (...command: readonly string[]): ChildProcess => {
    const [program = "", ...args] = [...link.prefix, ...command];
    const started = spawn(program, args, { stdio: "pipe" });
    for (const stream of [started.stdout, started.stderr])
      stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-100_000)));
    return started;
  };
  // Ours has no backend in it.
  const backend = kind === "ours" ? run(go, "http", "-plain", "-listen", listen) : undefined;
  let child: ChildProcess | undefined;
  let wanted = false;
  const launch = (): void => {
    if (!wanted || child !== undefined) return;
    child =
      kind === "ours"
        ? run(process.execPath, join(import.meta.dirname, "node-agent.ts"), url, token, caPath)
        : run(go, "client", "-url", url, "-ca", caPath, "-token", token, "-listen", listen);
    // Where the one before still had the address, too.
    child.on("exit", () => {
      child = undefined;
      setTimeout(launch, 500);
    });
  };
  const agent: SoakAgent = {
    kind,
    pid: () => child?.pid,
    said: () => said,
    start() {
      wanted = true;
      launch();
    },
    signal(signal) {
      if (signal === "SIGKILL") wanted = false;
      child?.kill(signal);
    },
    async stop() {
      wanted = false;
      backend?.kill("SIGKILL");
      if (child === undefined) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
  agent.start();
  return agent;
}
