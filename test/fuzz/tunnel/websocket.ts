/** Malformed WebSocket frames, in either role: the same events however the bytes are cut, and nothing thrown. */
import { encodeFrame, opcode } from "../../../wire/websocket/frame.ts";
import { MessageStream } from "../../../wire/websocket/messages.ts";
import { damaged, joined, pieces } from "./noise.ts";
import type { Random } from "./random.ts";
import { messagesPerEpisode, must, mustNotThrow } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

const maxMessageBytes = 2_000;

export const websocket: FuzzTarget = {
  name: "websocket",
  share: 0.12,
  episode(random) {
    for (let sent = 0; sent < messagesPerEpisode; sent++) {
      const role = random.pick(["client", "server"] as const);
      const bytes = random.oneIn(12) ? random.bytes(random.length(80)) : stream(random, role);
      const whole = eventsOf(role, [bytes]);
      const cut = eventsOf(role, pieces(random, bytes));
      const [one, other] = [JSON.stringify(whole), JSON.stringify(cut)];
      must(one === other, `${one.slice(0, 500)} in one piece, ${other.slice(0, 500)} in several`);
      const ends = whole.findIndex(([name]) => name === "close" || name === "error");
      must(ends < 0 || ends === whole.length - 1, "something after the end");
    }
    return messagesPerEpisode;
  },
};

type Event = readonly [name: string, ...details: readonly (string | number)[]];

function eventsOf(role: "client" | "server", chunks: readonly Uint8Array[]): Event[] {
  const events: Event[] = [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const messages = new MessageStream(
    { role, maxMessageBytes },
    {
      onText: (text) => events.push(["text", text]),
      onBinary: (bytes) => {
        must(bytes.length <= maxMessageBytes, "a message above the limit");
        events.push(["binary", hex(bytes)]);
      },
      onClose: (code, reason) => events.push(["close", code, reason]),
      onError: (code, problem) => events.push(["error", code, problem]),
      send: () => undefined,
    },
  );
  for (const chunk of chunks) mustNotThrow("feed", () => messages.feed(chunk));
  return events;
}

/** Frames as the other side would send them, some damaged. */
function stream(random: Random, role: "client" | "server"): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let count = 1 + random.int(5); count > 0; count--) {
    const code = random.pick([
      opcode.continuation,
      opcode.text,
      opcode.binary,
      opcode.close,
      opcode.ping,
      opcode.pong,
      3,
      11,
    ]);
    const most =
      code >= 8 && !random.oneIn(8) ? 125 : random.oneIn(50) ? 66_000 : random.pick([10, 200, 2_100]);
    const payload =
      code === opcode.text
        ? new TextEncoder().encode("t".repeat(random.int(most)))
        : random.bytes(random.int(most));
    const mask = (role === "server") !== random.oneIn(20) ? random.bytes(4) : undefined;
    const frame = encodeFrame(code, payload, mask);
    if (random.oneIn(3)) frame[0] = (frame[0] ?? 0) & 0x7f;
    frames.push(frame);
  }
  const all = joined(...frames);
  return random.oneIn(4) ? all : damaged(random, all);
}
