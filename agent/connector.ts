/** Keeps one session connected for ever, and knows since when it is not. */
import { setTimeout as sleep } from "node:timers/promises";
import { reconnectDelay } from "../wire/backoff.ts";
import type { Log } from "./log.ts";
import type { TunnelEnd } from "./tunnel.ts";

/** A session that lived this long ends a row of failures; a shorter one may be part of it. */
const stableMs = 10_000;

export class Connector {
  readonly #name: string;
  readonly #log: Log;
  /** Of the monotonic clock, in milliseconds; undefined = connected. */
  #downSince: number | undefined = performance.now();

  /** `name` is for the log. */
  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  /** For how long there has been no session, in milliseconds. */
  get downMs(): number {
    return this.#downSince === undefined ? 0 : performance.now() - this.#downSince;
  }

  /** Opens session after session until `signal` aborts. No refusal is final: the server may be mid-deployment. */
  async run(open: (onOpen: () => void) => Promise<TunnelEnd>, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const ended = await open(() => {
        this.#downSince = undefined;
        this.#log("info", `${this.#name} session: connected`);
      });
      this.#downSince ??= performance.now();
      if (signal.aborted) break;
      if (ended.kind === "closed" && ended.livedMs >= stableMs) attempt = 0;
      const delay = reconnectDelay(attempt, Math.random);
      this.#log(
        "error",
        `${this.#name} session: ${describeEnd(ended)}; next attempt in ${(delay / 1000).toFixed(1)} s`,
      );
      await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** A sentence for the operator: what happened, and what to do where it is known. */
export function describeEnd(end: TunnelEnd): string {
  if (end.kind === "closed") return `lost (${end.text})`;
  if (end.kind === "failed") return `cannot connect: ${end.text}`;
  const answer = `refused with HTTP ${end.status}${end.text === "" ? "" : ` (${end.text})`}`;
  const advice = adviceFor(end.status);
  return advice === undefined ? answer : `${answer}: ${advice}`;
}

function adviceFor(status: number): string | undefined {
  if (status === 404) return "nothing accepts agents there; is the server URL Drover's?";
  if (status >= 300 && status < 400) return "redirects are not followed; give the URL they lead to";
  if (status === 400 || status === 401 || status === 403) {
    return "the cluster was deleted or its token replaced; apply its current import manifest";
  }
  return undefined;
}
