/** Sessions that must show first that they are of their cluster: asked at once, and again while nobody can tell. */
import type { Proof } from "./proof.ts";

/** What is not shown by then never will be. Each wait keeps the object in memory. */
const patienceMs = 120_000;
const firstWaitMs = 1_000;
const maxWaitMs = 15_000;
/** Who has a token may not fill the object with sessions that show nothing. */
export const maxNewcomers = 8;

export interface NewcomersOptions<S> {
  readonly judge: (session: S) => Promise<Proof>;
  readonly onProven: (session: S) => void;
  readonly onRefused: (session: S, reason: string) => void;
}

export class Newcomers<S> {
  readonly #options: NewcomersOptions<S>;
  /** By session: ends its present wait. */
  readonly #waiting = new Map<S, () => void>();

  constructor(options: NewcomersOptions<S>) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#waiting.size >= maxNewcomers;
  }

  add(session: S): void {
    this.#waiting.set(session, () => undefined);
    void this.#admit(session);
  }

  /** It is gone. */
  remove(session: S): void {
    const wake = this.#waiting.get(session);
    this.#waiting.delete(session);
    wake?.();
  }

  /** Somebody came who can tell. */
  askAgain(): void {
    for (const wake of this.#waiting.values()) wake();
  }

  async #admit(session: S): Promise<void> {
    const until = Date.now() + patienceMs;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, maxWaitMs)) {
      const proof = await this.#judge(session);
      if (!this.#waiting.has(session)) return;
      if (proof.kind === "unknown" && Date.now() < until) {
        await this.#wait(session, waitMs);
        if (!this.#waiting.has(session)) return;
        continue;
      }
      this.#waiting.delete(session);
      if (proof.kind === "proven") this.#options.onProven(session);
      else this.#options.onRefused(session, proof.reason);
      return;
    }
  }

  async #judge(session: S): Promise<Proof> {
    try {
      return await this.#options.judge(session);
    } catch (error) {
      return { kind: "unknown", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #wait(session: S, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.set(session, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
