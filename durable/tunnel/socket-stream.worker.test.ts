/** TLS in workerd, over its own TCP, with OpenSSL at the other end: what a cluster without an agent is asked by. */
import { describe, expect, inject, it } from "vitest";
import type { EchoServers } from "../../test/tls/echo-servers.ts";
import { digestOf, echo, ending, pattern } from "../../test/tls/echo.ts";
import { groups } from "../../wire/tls/key-exchange.ts";
import { TlsStream } from "../../wire/tls/stream.ts";
import { suites } from "../../wire/tls/suites.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";
import { SocketStream } from "./socket-stream.ts";

const servers: EchoServers = inject("tlsServers");
const bytes = pattern(1_000_000);
const sent = digestOf(bytes);

interface Opened {
  readonly stream: TlsStream;
  readonly ends: () => number;
}

function open(key: string, more: object = {}): Opened {
  const server = servers[key];
  if (server === undefined) throw new Error(`no server ${key}`);
  let ends = 0;
  const below = new SocketStream("127.0.0.1", server.port, () => ends++);
  const anchors = parseTrustAnchors(server.ca);
  const stream = new TlsStream(below, { host: "127.0.0.1", anchors, alpn: ["http/1.1"], ...more });
  return { stream, ends: () => ends };
}

describe("a connection of the platform", () => {
  for (const key of Object.keys(servers)) {
    it(`speaks ${key.replace("v", " ").replace(/ (?=\S+$)/, " with a key of ")}, a megabyte both ways`, async () => {
      const { stream, ends } = open(key);
      expect(await echo(stream, bytes)).toBe(sent);
      expect(stream.established).toMatchObject({ protocol: "http/1.1" });
      stream.close();
      expect([stream.open, ends()]).toEqual([false, 1]);
    });
  }

  it("has every suite and group of both versions", async () => {
    for (const suite of suites) {
      const key = `${suite.version.replace(" ", "v")} ${suite.auth === "rsa" ? "rsa" : "P-256"}`;
      const { stream } = open(key, { suites: [suite] });
      expect([suite.name, await echo(stream, bytes.subarray(0, 50_000))]).toEqual([
        suite.name,
        digestOf(bytes.subarray(0, 50_000)),
      ]);
      stream.close();
    }
    for (const group of groups) {
      for (const version of ["TLSv1.3", "TLSv1.2"]) {
        const { stream } = open(`${version} rsa`, { groups: [group] });
        await echo(stream, bytes.subarray(0, 1_000));
        expect(stream.established?.group).toBe(group);
        stream.close();
      }
    }
  });

  it("loses nothing and holds little when its reader stops now and then", async () => {
    const { stream } = open("TLSv1.3 P-256");
    const done = echo(stream, bytes);
    const { onData } = stream;
    let paused = 0;
    stream.onData = (chunk) => {
      onData(chunk);
      if (paused++ % 10 !== 0) return;
      stream.pauseReading();
      setTimeout(() => stream.resumeReading(), 5);
    };
    expect(await done).toBe(sent);
    stream.close();
  });

  it("says that nobody listens in the words of an agent that cannot dial", async () => {
    const below = new SocketStream("127.0.0.1", 1, () => undefined);
    expect(await ending(below)).toMatch(/^dial tcp 127\.0\.0\.1:1: /);
  });

  it("refuses the server of another authority", async () => {
    const { stream } = open("TLSv1.2 rsa", {
      anchors: parseTrustAnchors(servers["TLSv1.3 P-256"]?.ca ?? ""),
    });
    expect(await ending(stream)).toBe("TLS: the server's certificate is signed by an unknown authority");
  });
});
