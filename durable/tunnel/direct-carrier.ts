/** Carries TLS to a cluster that is reached without an agent: over TCP connections of the platform. */
import type { Logger } from "../../schema/logger.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import type { Meter, Traffic } from "./meter.ts";
import { SocketStream } from "./socket-stream.ts";
import type { Carrier } from "./tls-route.ts";

export class DirectCarrier implements Carrier {
  readonly meter: Meter;
  readonly log: Logger;
  readonly keptMs: number;
  #streams = 0;
  #receivedBytes = 0;
  #sentBytes = 0;
  #dials = 0;

  constructor(meter: Meter, log: Logger, keptMs: number) {
    this.meter = meter;
    this.log = log;
    this.keptMs = keptMs;
  }

  /** Open connections. */
  get streams(): number {
    return this.#streams;
  }

  /** Since it was asked last. */
  takeTraffic(): Traffic {
    const traffic = {
      dials: this.#dials,
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#sentBytes,
    };
    this.#dials = this.#receivedBytes = this.#sentBytes = 0;
    return traffic;
  }

  dial(address: string): ByteStream {
    const colon = address.lastIndexOf(":");
    this.#streams++;
    this.#dials++;
    const ended = (): void => {
      this.#streams--;
      this.meter.streams();
    };
    const onTraffic = (received: number, sent: number): void => {
      this.#receivedBytes += received;
      this.#sentBytes += sent;
    };
    return new SocketStream(address.slice(0, colon), Number(address.slice(colon + 1)), ended, { onTraffic });
  }

  /** There is no agent that would notice. */
  readonly mayVanish = true;

  /** There is no agent to doubt. */
  awaitAnswer(): () => void {
    return () => undefined;
  }

  demote(): void {
    // There is no other way.
  }
}
