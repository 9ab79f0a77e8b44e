/** Any bytes into the codec: no exception, and what it takes it gives back. */
import { decodeMessage, decodeSync, encodeMessage } from "../../../wire/remotedialer/codec.ts";
import { damaged } from "./noise.ts";
import { messagesPerEpisode, must, mustNotThrow } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

export const codec: FuzzTarget = {
  name: "codec",
  share: 0.15,
  episode(random) {
    for (let sent = 0; sent < messagesPerEpisode; sent++) {
      const id = random.pick([
        0,
        1,
        -1,
        2 ** 31,
        2 ** 32 + 1,
        Number.MAX_SAFE_INTEGER,
        -Number.MAX_SAFE_INTEGER,
      ]);
      const whole = encodeMessage(random.int(12) - 1, id, random.bytes(random.length(200)));
      const bytes = random.oneIn(5) ? random.bytes(random.length(60)) : damaged(random, whole);
      const decoded = mustNotThrow("decodeMessage", () => decodeMessage(bytes));
      if (decoded === undefined) continue;
      must(Number.isSafeInteger(decoded.connId) && Number.isSafeInteger(decoded.type), "an id was rounded");
      must(decoded.payload.length <= bytes.length, "a payload longer than its message");
      mustNotThrow("decodeSync", () => decodeSync(decoded.payload));
      const again = decodeMessage(encodeMessage(decoded.type, decoded.connId, decoded.payload));
      must(
        again?.type === decoded.type &&
          again.connId === decoded.connId &&
          Buffer.compare(again.payload, decoded.payload) === 0,
        "what was decoded is not what is encoded",
      );
    }
    return messagesPerEpisode;
  },
};
