/** Keeps one part running: starts it again when it dies, with growing pauses. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";
import { within } from "../process/child.ts";
import type { Part } from "../process/child.ts";

export interface SuperviseOptions {
  readonly name: string;
  readonly log: Log;
  /** Starts the part; resolves when it works, throws when it does not, or when the signal aborts: then it leaves nothing behind. */
  readonly start: (signal: AbortSignal) => Promise<Part>;
  /** The part has just died. */
  readonly onDown?: () => void;
  /** The part works again; not called for the first start. */
  readonly onUp?: () => void;
  readonly timing?: {
    readonly firstDelayMs: number;
    readonly maxDelayMs: number;
    readonly goodAfterMs: number;
  };
}

export interface Supervised {
  /** Process id of the running part, or of the last one. */
  pid(): number;
  /** Ends the part for good. */
  stop(): Promise<void>;
}

/** How long a restart that is under way may hold up the end. */
const STOP_MS = 5_000;
const TIMING = { firstDelayMs: 100, maxDelayMs: 10_000, goodAfterMs: 60_000 };

/** Starts a part and watches it. Throws when the first start fails: only a part that has worked is started again. */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { name, log, start, onDown, onUp, timing = TIMING } = options;
  const stopping = new AbortController();
  let part = await start(stopping.signal);

  const watch = async () => {
    let delayMs = timing.firstDelayMs;
    while (!stopping.signal.aborted) {
      const startedAt = Date.now();
      const reason = await part.exited;
      if (stopping.signal.aborted) return;
      onDown?.();
      if (Date.now() - startedAt >= timing.goodAfterMs) delayMs = timing.firstDelayMs;
      log("warn", name, `ended (${reason}); starting it again`);
      const restarted = await restart(delayMs);
      if (restarted === undefined) return;
      ({ delayMs } = restarted);
      onUp?.();
    }
  };

  const restart = async (firstDelayMs: number) => {
    let delayMs = firstDelayMs;
    while (!stopping.signal.aborted) {
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) break;
      delayMs = Math.min(delayMs * 2, timing.maxDelayMs);
      try {
        part = await start(stopping.signal);
        return { delayMs };
      } catch (error) {
        if (stopping.signal.aborted) break;
        log("error", name, `cannot start: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return undefined;
  };

  const watching = watch();
  return {
    pid: () => part.pid,
    stop: async () => {
      stopping.abort();
      await part.stop();
      // A start under way was told to end. Should it not, its process ends with ours (process/child.ts).
      await within(watching, STOP_MS);
      // A restart that was under way when we were told to stop may have brought another one up.
      await part.stop();
    },
  };
}
