/** What the hub has to send to one fan-out: in order, without a gap that the fan-out would not see, and bounded. Pure. */
import type { WatchDelivery } from "../../schema/internal/rpc.ts";
import type { LogEvent } from "../../schema/store/log.ts";

export class DeliveryQueue {
  readonly #maxBytes: number;
  #after: number;
  #to: number;
  #events: LogEvent[] = [];
  #bytes = 0;
  #announces = false;

  /** `position`: of the hub; deliveries begin after it. */
  constructor(position: number, maxBytes: number) {
    this.#after = position;
    this.#to = position;
    this.#maxBytes = maxBytes;
  }

  /** What is known up to `to`, with the events of the fan-out's type. */
  add(events: readonly LogEvent[], to: number): void {
    const bytes = events.reduce((sum, event) => sum + textLength(event), 0);
    if (this.#events.length > 0 && this.#bytes + bytes > this.#maxBytes) {
      // It is too slow. It will see the gap and read the log at its own pace.
      this.skip(to);
      return;
    }
    this.#events.push(...events);
    this.#bytes += bytes;
    this.#to = Math.max(this.#to, to);
  }

  /** What there is up to `to` cannot be sent: the fan-out is shown a gap. */
  skip(to: number): void {
    this.#events = [];
    this.#bytes = 0;
    this.#after = to;
    this.#to = to;
    this.#announces = true;
  }

  /** The fan-out is at `position`: one that is behind is sent an empty delivery, so that it sees the gap. */
  heard(position: number): void {
    if (position < this.#after) this.#announces = true;
  }

  /** Is there anything to be sent, if only a revision? */
  get isBehind(): boolean {
    return this.#announces || this.#to > this.#after;
  }

  /** The next delivery; without events only if `emptyToo`, or a gap has to be shown. */
  take(emptyToo: boolean): WatchDelivery | undefined {
    const due = this.#announces || this.#events.length > 0 || (emptyToo && this.isBehind);
    if (!due) return undefined;
    const delivery = { after: this.#after, to: this.#to, events: this.#events };
    this.#announces = false;
    this.#after = this.#to;
    this.#events = [];
    this.#bytes = 0;
    return delivery;
  }
}

function textLength({ body, sealed, before, beforeSealed }: LogEvent): number {
  return [body, sealed, before, beforeSealed].reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
