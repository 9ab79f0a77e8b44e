/** Against OpenSSL, as Node has it: every version, cipher suite, group and kind of key. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:tls";
import type { Server, TLSSocket, TlsOptions } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate, makePair } from "../../test/tls/certificates.ts";
import type { KeyKind } from "../../test/tls/certificates.ts";
import { digestOf, echo, ending, pattern } from "../../test/tls/echo.ts";
import { dialTls } from "../../test/tls/node-stream.ts";
import type { TlsClientOptions } from "./client.ts";
import { groups } from "./key-exchange.ts";
import { suites } from "./suites.ts";
import { parseTrustAnchors } from "./trust.ts";

const kinds: KeyKind[] = ["P-256", "P-384", "P-521", "ed25519", "rsa"];
const pairs = new Map(kinds.map((kind) => [kind, makePair(kind)]));
const bytes = pattern(300_000);
const sent = digestOf(bytes);

let server: Server | undefined;
afterEach(() => server?.close());

function pairOf(kind: KeyKind) {
  const pair = pairs.get(kind);
  if (pair === undefined) throw new Error("no pair");
  return pair;
}

/** A server that sends back what it is sent. */
async function serve(
  kind: KeyKind,
  options: TlsOptions = {},
  onSocket: (socket: TLSSocket) => void = (socket) => socket.pipe(socket),
): Promise<{ port: number; errors: string[]; client: TlsClientOptions }> {
  const { ca, server: identity } = pairOf(kind);
  const errors: string[] = [];
  server = createServer(
    { cert: identity.pem, key: identity.keyPem, ALPNProtocols: ["http/1.1"], ...options },
    (socket) => {
      socket.on("error", (error) => errors.push(error.message));
      onSocket(socket);
    },
  );
  server.on("tlsClientError", (error) => errors.push(error.message));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    errors,
    client: { host: "10.43.0.1", anchors: parseTrustAnchors(ca.pem), alpn: ["http/1.1"] },
  };
}

describe("the TLS client and OpenSSL", () => {
  for (const kind of kinds) {
    for (const suite of suites.filter(({ version }) => version === "TLS 1.3")) {
      it(`speak TLS 1.3 with ${suite.name} and a key of ${kind}`, async () => {
        const { port, client } = await serve(kind, { minVersion: "TLSv1.3", ciphers: suite.name });
        const stream = await dialTls(port, client);
        expect(await echo(stream, bytes)).toBe(sent);
        expect(stream.established).toMatchObject({ version: "TLS 1.3", suite, protocol: "http/1.1" });
        stream.close();
      });
    }
    for (const suite of suites.filter(({ auth }) => auth === (kind === "rsa" ? "rsa" : "ecdsa"))) {
      it(`speak TLS 1.2 with ${suite.name} and a key of ${kind}`, async () => {
        const { port, client } = await serve(kind, { maxVersion: "TLSv1.2", ciphers: suite.name });
        const stream = await dialTls(port, client);
        expect(await echo(stream, bytes)).toBe(sent);
        expect(stream.established).toMatchObject({ version: "TLS 1.2", suite, protocol: "http/1.1" });
        stream.close();
      });
    }
  }

  for (const group of groups) {
    for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
      it(`agree on a key over ${group.name} in ${version}`, async () => {
        const options = { minVersion: version, maxVersion: version, ecdhCurve: group.name };
        const { port, client } = await serve("P-256", options);
        const stream = await dialTls(port, client);
        expect(await echo(stream, bytes)).toBe(sent);
        expect(stream.established).toMatchObject({ group });
        stream.close();
      });
    }
  }

  for (const version of ["TLSv1.3", "TLSv1.2"] as const) {
    for (const kind of kinds) {
      it(`show a client's certificate of ${kind} in ${version}`, async () => {
        const { ca } = pairOf("P-256");
        const own = makeCertificate({ name: "drover", issuer: ca, kind, names: ["drover.example.com"] });
        const names: unknown[] = [];
        const { port, client } = await serve(
          "P-256",
          {
            minVersion: version,
            maxVersion: version,
            ca: ca.pem,
            requestCert: true,
            rejectUnauthorized: true,
          },
          (socket) => {
            names.push(socket.authorized, socket.getPeerCertificate().subject.CN);
            socket.pipe(socket);
          },
        );
        const stream = await dialTls(port, {
          ...client,
          credential: { chain: [own.raw], privateKey: own.privateKey },
        });
        expect(await echo(stream, bytes)).toBe(sent);
        expect(names).toEqual([true, "drover"]);
        stream.close();
      });
    }

    it(`say in ${version} that the client has no certificate, and what the server thinks of it`, async () => {
      const { ca } = pairOf("P-256");
      const { port, client } = await serve("P-256", {
        minVersion: version,
        maxVersion: version,
        ca: ca.pem,
        requestCert: true,
        rejectUnauthorized: true,
      });
      const stream = await dialTls(port, client);
      const word = version === "TLSv1.3" ? "certificate_required" : "handshake_failure";
      expect(await ending(stream)).toBe(`TLS: the server refused the connection: ${word}`);
    });

    it(`tell a proper end from a cut in ${version}`, async () => {
      const { port, client } = await serve(
        "P-256",
        { minVersion: version, maxVersion: version },
        (socket) => {
          socket.once("data", (chunk: Buffer) =>
            chunk.toString() === "end" ? socket.end() : raw?.destroy(),
          );
        },
      );
      let raw: Socket | undefined;
      server?.on("connection", (socket: Socket) => (raw = socket));
      const proper = await dialTls(port, client);
      proper.write(new TextEncoder().encode("end"));
      expect(await ending(proper)).toBe("end");
      const cut = await dialTls(port, client);
      cut.write(new TextEncoder().encode("cut"));
      expect(await ending(cut)).toBe("TLS: the connection was closed without the end of TLS");
    });
  }

  it("find no common version when the server speaks none of ours", async () => {
    const { port, client } = await serve("P-256", { maxVersion: "TLSv1.2", minVersion: "TLSv1.2" });
    const stream = await dialTls(port, { ...client, versions: ["TLS 1.3"] });
    expect(await ending(stream)).toMatch(/TLS: the server refused the connection: protocol_version/);
  });
});
