/** Runs targets episode by episode, each from its own seed, and judges memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { agent } from "./agent.ts";
import { codec } from "./codec.ts";
import { front } from "./front.ts";
import { Random } from "./random.ts";
import { requestHeads } from "./requests.ts";
import { responses } from "./responses.ts";
import { sessions } from "./sessions.ts";
import { Found, messagesPerEpisode } from "./target.ts";
import type { FuzzTarget } from "./target.ts";
import { tls } from "./tls.ts";
import { websocket } from "./websocket.ts";

export const targets: readonly FuzzTarget[] = [
  codec,
  sessions,
  websocket,
  responses,
  requestHeads,
  front,
  agent,
  tls,
];

/** What may stay in the heap from a quarter of a run to its end: caches of parsers, not what grows with messages. */
const maxGrowthBytes = 16 << 20;

export interface RunOptions {
  readonly seed: number;
  readonly messages: number;
  /** Runs this one alone. */
  readonly episode?: number;
  /** Before each episode: whoever watches knows where it hangs. */
  readonly onEpisode?: (target: string, episode: number) => void;
}

export interface RunResult {
  readonly messages: number;
  readonly seconds: number;
  readonly growthBytes: number;
}

/** Throws `Found`, whose message repeats the case. */
export async function runTarget(target: FuzzTarget, options: RunOptions): Promise<RunResult> {
  const { seed, messages, onEpisode } = options;
  const began = performance.now();
  const shared = await target.start?.();
  const run = shared?.episode ?? target.episode;
  if (run === undefined) throw new Error(`${target.name} has no episodes`);
  const episodes = Math.max(1, Math.round(messages / messagesPerEpisode));
  const first = options.episode ?? 0;
  const last = options.episode ?? episodes - 1;
  let sent = 0;
  let early = 0;
  try {
    for (let episode = first; episode <= last; episode++) {
      onEpisode?.(target.name, episode);
      try {
        sent += await run(new Random(seed, target.name, episode));
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        throw new Found(
          `${what}\n  again: npm run fuzz -- tunnel --seed ${seed} --target ${target.name} --episode ${episode}`,
          { cause: error },
        );
      }
      if (episode === Math.floor(episodes / 4)) early = heapBytes();
    }
    const growthBytes = early === 0 ? 0 : heapBytes() - early;
    if (growthBytes > maxGrowthBytes)
      throw new Found(
        `${target.name}: ${Math.round(growthBytes / 1e6)} MB more in the heap after ${sent} messages, seed ${seed}`,
      );
    return { messages: sent, seconds: (performance.now() - began) / 1_000, growthBytes };
  } finally {
    await shared?.stop();
  }
}

let collect: (() => void) | undefined;

/** After two collections: what weak references hold goes with the second. */
function heapBytes(): number {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
