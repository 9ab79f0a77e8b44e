/** The TLS client against Go's server, which every kube-apiserver is: each version, suite, group and kind of key. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";
import { makeCertificate, makePair } from "../tls/certificates.ts";
import type { KeyKind } from "../tls/certificates.ts";
import { digestOf, echo, ending, pattern } from "../tls/echo.ts";
import { dialTls } from "../tls/node-stream.ts";
import { groups } from "../../wire/tls/key-exchange.ts";
import { suites } from "../../wire/tls/suites.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";

describe("the TLS client and Go", () => {
  const kinds: KeyKind[] = ["P-256", "P-384", "P-521", "ed25519", "rsa"];
  const bytes = pattern(300_000);
  const sent = digestOf(bytes);
  let dir: string;
  let binary: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "drover-tls-go-"));
    binary = join(dir, "goserver");
    const build = spawnSync("go", ["build", "-o", binary, "."], {
      cwd: join(import.meta.dirname, "../tls/goserver"),
      encoding: "utf8",
      env: { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0" },
    });
    expect(build.stderr).toBe("");
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const serve = async (
    { ca, server }: ReturnType<typeof makePair>,
    args: readonly string[],
  ): Promise<{ peer: Peer; port: number; ca: string }> => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    const peer = startPeer(binary, [
      "-cert",
      file("server.crt", server.pem),
      "-key",
      file("server.key", server.keyPem),
      ...args.map((arg) => (arg === "CA" ? file("ca.crt", ca.pem) : arg)),
    ]);
    const { port } = await peer.next("listening");
    return { peer, port: Number(port), ca: ca.pem };
  };

  it.each(kinds)("speak both versions with a key of %s", async (kind) => {
    const pair = makePair(kind);
    for (const version of [0x0304, 0x0303]) {
      const { peer, port, ca } = await serve(pair, ["-version", String(version)]);
      const stream = await dialTls(port, {
        host: "10.43.0.1",
        anchors: parseTrustAnchors(ca),
        alpn: ["http/1.1"],
      });
      expect(await echo(stream, bytes)).toBe(sent);
      expect(stream.established).toMatchObject({
        version: version === 0x0304 ? "TLS 1.3" : "TLS 1.2",
        protocol: "http/1.1",
      });
      stream.close();
      await peer.stop();
    }
  });

  it("agree on every group and suite that both have", async () => {
    const ecdsa = makePair();
    const rsa = makePair("rsa");
    const goIds = { X25519: 29, "P-256": 23, "P-384": 24, "P-521": 25 };
    const cases = [
      ...groups.flatMap(({ name }) =>
        [0x0304, 0x0303].map((version) => ({
          pair: ecdsa,
          args: ["-group", String(goIds[name])],
          version,
          name,
        })),
      ),
      ...suites
        .filter(({ version }) => version === "TLS 1.2")
        .map(({ id, name, auth }) => ({
          pair: auth === "rsa" ? rsa : ecdsa,
          args: ["-suite", String(id)],
          version: 0x0303,
          name,
        })),
    ];
    for (const { pair, args, version, name } of cases) {
      const { peer, port, ca } = await serve(pair, [...args, "-version", String(version)]);
      const stream = await dialTls(port, { host: "::1", anchors: parseTrustAnchors(ca) });
      expect([name, await echo(stream, bytes)]).toEqual([name, sent]);
      expect([stream.established?.group.name, stream.established?.suite.name]).toContain(name);
      stream.close();
      await peer.stop();
    }
    // TLS 1.3's suites are the client's choice with Go.
    for (const suite of suites.filter(({ version }) => version === "TLS 1.3")) {
      const { peer, port, ca } = await serve(ecdsa, []);
      const stream = await dialTls(port, { host: "::1", anchors: parseTrustAnchors(ca), suites: [suite] });
      expect(await echo(stream, bytes)).toBe(sent);
      stream.close();
      await peer.stop();
    }
  });

  it("change keys in the middle, and show a client's certificate", async () => {
    const pair = makePair();
    const own = makeCertificate({ name: "drover", issuer: pair.ca, extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"] });
    for (const version of [0x0304, 0x0303]) {
      const { peer, port, ca } = await serve(pair, ["-client-ca", "CA", "-version", String(version)]);
      const options = { host: "10.43.0.1", anchors: parseTrustAnchors(ca) };
      const stream = await dialTls(port, {
        ...options,
        credential: { chain: [own.raw], privateKey: own.privateKey },
      });
      expect(await echo(stream, bytes)).toBe(sent);
      stream.updateKeys(true);
      expect(await echo(stream, bytes)).toBe(sent);
      stream.close();
      const bare = await dialTls(port, options);
      // Go closes at once, and a connection that is reset may lose its last words.
      expect(await ending(bare)).toMatch(/^TLS: the server refused the connection|EPIPE|ECONNRESET/);
      await peer.stop();
    }
  });
});
