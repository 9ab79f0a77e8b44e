/** What Cloudflare asks for a Durable Object's events (platform.md 3.1, prices of 2026-06), without the amounts that are included. */

/** Events of one object in some time. */
export interface Bill {
  /** Requests and RPC calls to the object. */
  readonly requests: number;
  readonly alarms: number;
  /** WebSocket messages from agents, those that the platform answers included: 20 are one request. */
  readonly messages: number;
  /** Rows written; an alarm that is set is one. */
  readonly rows: number;
  /** Seconds in memory that are paid for. */
  readonly seconds: number;
}

const perRequest = 0.15 / 1e6;
const perRow = 1 / 1e6;
const perGigabyteSecond = 12.5 / 1e6;
const gigabytes = 0.128;
const messagesPerRequest = 20;
export const hoursPerMonth = 730;

/** US dollars. */
export function priceOf({ requests, alarms, messages, rows, seconds }: Bill): number {
  return (
    (requests + alarms + messages / messagesPerRequest) * perRequest +
    rows * perRow +
    seconds * gigabytes * perGigabyteSecond
  );
}

export function scaled(bill: Bill, factor: number): Bill {
  return {
    requests: bill.requests * factor,
    alarms: bill.alarms * factor,
    messages: bill.messages * factor,
    rows: bill.rows * factor,
    seconds: bill.seconds * factor,
  };
}
