/**
 * The lines between agents and Drover: each agent in a network namespace of its own where the machine lets us (root,
 * `ip netns`), with real latency and loss where it has `netem`; else relays make the latency, and cutting the line for
 * moments the loss.
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { processInfo } from "../../infra/process/proc.ts";
import { startRelay } from "../relay.ts";
import type { Relay } from "../relay.ts";

const delayMs = 20;
/** A long line carries 400 Mbit/s: what is on the way comes although the sender was told to wait. */
const windowBytes = 1 << 20;

export interface Link {
  /** What the agent connects to. */
  readonly host: string;
  readonly port: number;
  /** Put before the agent's command. */
  readonly prefix: readonly string[];
  /** Nothing passes, and neither end hears of it. */
  readonly cut: () => void;
  readonly heal: () => void;
  /** 1 Mbit/s where the machine can. */
  readonly slow: (on: boolean) => void;
  readonly close: () => void;
}

export interface Links {
  readonly links: readonly Link[];
  /** What the machine let us do. */
  readonly how: string;
  /** Addresses that Drover's certificate must name. */
  readonly addresses: readonly string[];
  readonly open: (serverPort: number) => Promise<void>;
}

function ip(...args: readonly string[]): boolean {
  return spawnSync("ip", args, { stdio: "ignore" }).status === 0;
}

/** Every second line is long: `delayMs` each way. */
export function makeLinks(count: number): Links {
  removeLeftovers();
  const tag = `ds${process.pid}`;
  const probe = `${tag}p`;
  const namespaces = ip("netns", "add", probe);
  if (namespaces) ip("netns", "del", probe);
  const links = Array.from({ length: count }, (_, at) =>
    namespaces ? new NamespaceLink(`${tag}x${at}`, at, at % 2 === 1) : new RelayLink(at % 2 === 1),
  );
  const netem = links[0] instanceof NamespaceLink && links[0].hasNetem;
  const long = `${Math.ceil(count / 2)} short and ${Math.floor(count / 2)} long lines (${delayMs} ms each way)`;
  return {
    links,
    how: !namespaces
      ? `no network namespaces here: relays, ${long}`
      : netem
        ? `network namespaces, netem with 1 % loss, ${long}`
        : `network namespaces; no netem in this kernel: latency by relays, loss by cutting the line for moments and by tbf, ${long}`,
    addresses: links.map(({ host }) => host),
    async open(serverPort) {
      for (const link of links) await link.open(serverPort);
    },
  };
}

/** Of runs that were killed: their addresses are ours. */
function removeLeftovers(): void {
  const { stdout } = spawnSync("ip", ["netns", "list"], { encoding: "utf8" });
  for (const [name, pid] of (stdout ?? "").matchAll(/^ds(\d+)x\d+/gm))
    if (processInfo(Number(pid)) === undefined && ip("netns", "del", name)) ip("link", "del", `${name}r`);
}

class NamespaceLink implements Link {
  readonly host: string;
  readonly prefix: readonly string[];
  readonly hasNetem: boolean;
  port = 0;
  readonly #name: string;
  readonly #long: boolean;
  #relay: Relay | undefined;

  constructor(name: string, at: number, long: boolean) {
    this.#name = name;
    this.#long = long;
    this.host = `10.213.${at + 1}.1`;
    this.prefix = ["ip", "netns", "exec", name];
    ip("netns", "add", name);
    ip("link", "add", `${name}r`, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("addr", "add", `${this.host}/30`, "dev", `${name}r`);
    ip("link", "set", `${name}r`, "up");
    this.#inside("ip", "link", "set", "lo", "up");
    this.#inside("ip", "addr", "add", `10.213.${at + 1}.2/30`, "dev", "eth0");
    this.#inside("ip", "link", "set", "eth0", "up");
    this.hasNetem = this.#shape();
  }

  #inside(...command: readonly string[]): boolean {
    const [program = "", ...args] = [...this.prefix, ...command];
    return spawnSync(program, args, { stdio: "ignore" }).status === 0;
  }

  #shape(): boolean {
    const delay = this.#long ? ["delay", `${2 * delayMs}ms`] : [];
    this.#inside("tc", "qdisc", "del", "dev", "eth0", "root");
    return this.#inside("tc", "qdisc", "add", "dev", "eth0", "root", "netem", "loss", "1%", ...delay);
  }

  async open(serverPort: number): Promise<void> {
    const relayed = this.#long && !this.hasNetem;
    if (relayed) this.#relay = await startRelay(serverPort, { delayMs, windowBytes, host: this.host });
    this.port = this.#relay?.port ?? serverPort;
  }

  cut(): void {
    ip("link", "set", `${this.#name}r`, "down");
  }

  heal(): void {
    ip("link", "set", `${this.#name}r`, "up");
  }

  slow(on: boolean): void {
    // The short queue drops what does not fit: loss as of a line that is too thin.
    if (on)
      this.#inside(
        "tc",
        "qdisc",
        "replace",
        "dev",
        "eth0",
        "root",
        "tbf",
        "rate",
        "1mbit",
        "burst",
        "16kb",
        "limit",
        "32kb",
      );
    else this.#shape();
  }

  close(): void {
    this.#relay?.close();
    ip("link", "del", `${this.#name}r`);
    ip("netns", "del", this.#name);
  }
}

class RelayLink implements Link {
  readonly host = "127.0.0.1";
  readonly prefix: readonly string[] = [];
  port = 0;
  readonly #long: boolean;
  #relay: Relay | undefined;

  constructor(long: boolean) {
    this.#long = long;
  }

  async open(serverPort: number): Promise<void> {
    this.#relay = await startRelay(serverPort, this.#long ? { delayMs, windowBytes } : {});
    this.port = this.#relay.port;
  }

  /** Connections of this moment hang; later ones pass. */
  cut(): void {
    this.#relay?.freeze();
  }

  heal(): void {
    // Frozen connections stay so until their ends give up.
  }

  slow(): void {
    // A relay has no thin line.
  }

  close(): void {
    this.#relay?.close();
  }
}

/** Loses what is on the way, a few times in a row. */
export async function flap(link: Link): Promise<void> {
  for (let times = 0; times < 5; times++) {
    link.cut();
    await sleep(150);
    link.heal();
    await sleep(400);
  }
}
