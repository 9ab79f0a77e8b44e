import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makePair } from "../../test/tls/certificates.ts";
import { createLogger } from "../../schema/logger.ts";
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";
import type { ApiServer } from "./api-server.ts";
import { Meter } from "./meter.ts";
import { TlsRoutes } from "./tls-route.ts";
import { tunnelTimes } from "./times.ts";
import type { Carrier } from "./tls-route.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const server: ApiServer = {
  host: "10.43.0.1",
  port: 443,
  anchors: parseTrustAnchors(makePair().ca.pem),
  authorization: "Bearer t",
  direct: false,
};

/** Takes everything and says nothing. */
class Silence implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  open = true;
  write(): boolean {
    return true;
  }
  pauseReading(): void {
    // Nothing comes.
  }
  resumeReading(): void {
    // Nothing comes.
  }
  close(): void {
    this.open = false;
  }
  abort(): void {
    this.open = false;
  }
}

function silentCarrier(dialled: Silence[]): Carrier {
  return {
    meter: new Meter({
      gauges: () => ({ sessions: {} }),
      streams: () => 0,
      traffic: () => [],
      report: () => Promise.resolve(),
      onBusy: () => undefined,
      ...tunnelTimes,
    }),
    log: createLogger("error", {}),
    ...tunnelTimes,
    awaitAnswer: () => () => undefined,
    demote: () => undefined,
    dial: (address) => {
      expect(address).toBe("10.43.0.1:443");
      const stream = new Silence();
      dialled.push(stream);
      return stream;
    },
  };
}

it("does not wait longer than 15 s for a server that never answers the handshake, and leaves no timer", () => {
  const dialled: Silence[] = [];
  const stream = new TlsRoutes().over(silentCarrier(dialled), server).pool.dial();
  const ends: CloseReason[] = [];
  stream.onClose = (reason) => ends.push(reason);
  vi.advanceTimersByTime(14_999);
  expect([ends, stream.open]).toEqual([[], true]);
  vi.advanceTimersByTime(1);
  expect(ends).toEqual([{ kind: "error", text: "TLS: no end of the handshake within 15 s" }]);
  expect([dialled[0]?.open, vi.getTimerCount()]).toEqual([false, 0]);
});

it("leaves no timer behind a stream that is given up during its handshake", () => {
  const stream = new TlsRoutes().over(silentCarrier([]), server).pool.dial();
  stream.close();
  expect(vi.getTimerCount()).toBe(0);
});

it("keeps one route while nothing changes, and takes another for another account", () => {
  const routes = new TlsRoutes();
  const carrier = silentCarrier([]);
  const first = routes.over(carrier, server);
  expect(routes.over(carrier, server)).toBe(first);
  const second = routes.over(carrier, { ...server, authorization: "Bearer u" });
  expect([second === first, second.authorization]).toEqual([false, "Bearer u"]);
});
