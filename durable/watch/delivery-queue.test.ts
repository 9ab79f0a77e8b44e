import { describe, expect, it } from "vitest";
import { DeliveryQueue } from "./delivery-queue.ts";
import { event } from "./test-events.ts";

describe("DeliveryQueue", () => {
  it("joins what came meanwhile into one delivery, each beginning where the last one ended", () => {
    const queue = new DeliveryQueue(10, 1_000);
    queue.add([event(11)], 12);
    queue.add([event(14)], 15);
    expect(queue.take(false)).toEqual({ after: 10, to: 15, events: [event(11), event(14)] });
    queue.add([event(16)], 16);
    expect(queue.take(false)).toEqual({ after: 15, to: 16, events: [event(16)] });
    expect(queue.take(true)).toBeUndefined();
  });

  it("gives revisions without an event only when asked for them, and loses none", () => {
    const queue = new DeliveryQueue(10, 1_000);
    queue.add([], 12);
    queue.add([], 13);
    expect(queue.take(false)).toBeUndefined();
    expect(queue.take(true)).toEqual({ after: 10, to: 13, events: [] });
    queue.add([], 14);
    queue.add([event(15)], 15);
    expect(queue.take(false)).toEqual({ after: 13, to: 15, events: [event(15)] });
  });

  it("shows a fan-out that is behind its gap at once, and nothing to one that is not", () => {
    const queue = new DeliveryQueue(10, 1_000);
    queue.heard(10);
    queue.heard(12);
    expect(queue.take(false)).toBeUndefined();
    queue.heard(7);
    expect(queue.take(false)).toEqual({ after: 10, to: 10, events: [] });
  });

  it("keeps no more than its bytes: what a slow fan-out cannot take is a gap that it sees", () => {
    const queue = new DeliveryQueue(0, 100);
    const big = event(1, { body: "x".repeat(90) });
    queue.add([big], 1);
    queue.add([event(2, { body: "x".repeat(20) })], 2);
    expect(queue.take(false)).toEqual({ after: 2, to: 2, events: [] });
    // One that is larger than that by itself goes through, alone.
    queue.add([event(3, { body: "x".repeat(500) })], 3);
    expect(queue.take(false)).toMatchObject({ after: 2, to: 3, events: [{ revision: 3 }] });
  });

  it("shows as a gap, too, what cannot be sent at all", () => {
    const queue = new DeliveryQueue(10, 1_000);
    queue.add([event(11)], 11);
    queue.skip(20);
    queue.add([event(21)], 21);
    expect(queue.take(false)).toEqual({ after: 20, to: 21, events: [event(21)] });
  });
});
