/**
 * What peers may open to the cluster (docs/design/peers.md): each stream counts as a request in the cluster's own limit. The API Worker,
 * which names the limits of all other requests, has no part in these, so it is asked, at most every 10 s.
 */
import type { RequestLimits } from "../../schema/internal/context.ts";
import type { Admission } from "./admission.ts";

const maxAgeMs = 10_000;

export class PeerAdmission {
  readonly #admission: Admission;
  readonly #load: () => Promise<RequestLimits>;
  readonly #now: () => number;
  readonly #onUnknown: (error: unknown) => void;
  #limits: Promise<RequestLimits | undefined> | undefined;
  #askedAt = -Infinity;

  /** `onUnknown`: the limits could not be learnt; there is none until the next question. */
  constructor(
    admission: Admission,
    load: () => Promise<RequestLimits>,
    onUnknown: (error: unknown) => void,
    now: () => number = Date.now,
  ) {
    this.#admission = admission;
    this.#load = load;
    this.#onUnknown = onUnknown;
    this.#now = now;
  }

  /** Why a stream is not opened; `undefined`: it is. A peer has many users, of whom nobody here knows which one it is for. */
  async refusal(peer: string): Promise<string | undefined> {
    const limits = await this.#known();
    if (limits === undefined) return undefined;
    const admitted = this.#admission.admit(
      { user: `peer ${peer}`, interactive: false },
      // What waits for an answer is seen where the request is.
      { ...limits, perUser: 0, unanswered: 0 },
    );
    if (!admitted.ok) return `${tooMany}: ${admitted.message}`;
    admitted.answered();
    return undefined;
  }

  #known(): Promise<RequestLimits | undefined> {
    if (this.#now() - this.#askedAt >= maxAgeMs) {
      this.#askedAt = this.#now();
      this.#limits = this.#load().catch((error: unknown) => {
        this.#onUnknown(error);
        return undefined;
      });
    }
    return this.#limits ?? Promise.resolve(undefined);
  }
}

/** How a refusal begins, on both sides: a Drover tells its client of it as of a limit of its own. */
export const tooMany = "too many requests";
