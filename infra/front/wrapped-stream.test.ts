import { describe, expect, it } from "vitest";
import { MessageStream } from "../../wire/websocket/messages.ts";
import { WrappedStream } from "./wrapped-stream.ts";

/** A stream and workerd's end of its WebSocket. */
function joined(): {
  stream: WrappedStream;
  backend: MessageStream;
  arrived: Uint8Array[];
  delivered: Uint8Array[];
  events: string[];
} {
  const [arrived, delivered, events]: [Uint8Array[], Uint8Array[], string[]] = [[], [], []];
  const backend: MessageStream = new MessageStream(
    { role: "server", maxMessageBytes: 32 << 20 },
    {
      onBinary: (bytes) => arrived.push(bytes),
      onText: () => events.push("text"),
      onClose: (code) => events.push(`answered ${code}`),
      onError: (_code, problem) => events.push(problem),
      send: (bytes) => stream.fromBackend(bytes),
    },
  );
  const stream: WrappedStream = new WrappedStream({
    toClient: (bytes) => delivered.push(bytes),
    toBackend: (bytes) => backend.feed(bytes),
    onRoom: () => events.push("room"),
    onEnd: () => events.push("end"),
  });
  return { stream, backend, arrived, delivered, events };
}

describe("a wrapped connection", () => {
  it("carries bytes both ways and ends with the cluster's side", () => {
    const { stream, backend, arrived, delivered, events } = joined();
    stream.fromClient(Buffer.from("to the cluster"));
    backend.sendBinary(Buffer.from("to the client"));
    expect(Buffer.concat(arrived).toString()).toBe("to the cluster");
    expect(Buffer.concat(delivered).toString()).toBe("to the client");
    backend.close(1000, "");
    expect(events).toEqual(["answered 1000", "end"]);
  });

  it("stops the client at 1 MiB that nobody has taken, until there is word of it", () => {
    const { stream, backend, events } = joined();
    const half = new Uint8Array(512 << 10);
    stream.fromClient(half);
    stream.fromClient(half);
    expect(stream.isFull).toBe(false);
    stream.fromClient(half);
    expect(stream.isFull).toBe(true);
    backend.sendText(String(256 << 10));
    expect([stream.isFull, events]).toEqual([true, []]);
    backend.sendText(String(1024 << 10));
    expect([stream.isFull, events]).toEqual([false, ["room"]]);
  });

  it("ends when the WebSocket is broken", () => {
    const { stream, events } = joined();
    stream.fromBackend(Uint8Array.of(0xff, 0xff));
    expect(events).toContain("end");
  });
});
