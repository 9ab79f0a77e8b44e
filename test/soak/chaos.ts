/** What befalls an agent and its line, one thing at a time for each; ends as it began. */
import { setTimeout as sleep } from "node:timers/promises";
import type { SoakAgent } from "./agents.ts";
import { flap } from "./links.ts";
import type { Link } from "./links.ts";

export interface Victim {
  readonly agent: SoakAgent;
  readonly link: Link;
}

export const calamities = {
  async kill({ agent }: Victim, wait: Wait) {
    agent.signal("SIGKILL");
    await wait(between(500, 5_000));
    agent.start();
  },
  async pause({ agent }: Victim, wait: Wait) {
    agent.signal("SIGSTOP");
    await wait(between(3_000, 40_000));
    agent.signal("SIGCONT");
  },
  async "half-open"({ link }: Victim, wait: Wait) {
    link.cut();
    await wait(between(5_000, 100_000));
    link.heal();
  },
  async "half-open and killed"({ agent, link }: Victim, wait: Wait) {
    link.cut();
    agent.signal("SIGKILL");
    await wait(between(1_000, 5_000));
    link.heal();
    agent.start();
  },
  async loss({ link }: Victim) {
    await flap(link);
  },
  async slow({ link }: Victim, wait: Wait) {
    link.slow(true);
    await wait(between(5_000, 30_000));
    link.slow(false);
  },
} satisfies Record<string, (victim: Victim, wait: Wait) => Promise<void>>;

type Wait = (ms: number) => Promise<void>;

function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

/** Until `signal`: then everything is mended. Counts what happened in `tally`. */
export async function torment(
  victim: Victim,
  signal: AbortSignal,
  tally: Map<string, number>,
): Promise<void> {
  const wait: Wait = (ms) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const names = Object.keys(calamities) as (keyof typeof calamities)[];
  while (!signal.aborted) {
    await wait(between(2_000, 20_000));
    if (signal.aborted) return;
    const name = names[Math.floor(Math.random() * names.length)] ?? "kill";
    tally.set(name, (tally.get(name) ?? 0) + 1);
    await calamities[name](victim, wait);
  }
}
