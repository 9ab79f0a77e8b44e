/** TLS 1.2 with OpenSSL, and somebody in between: its handshake goes in the clear until the last message. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import type { Server } from "node:tls";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makePair } from "../../test/tls/certificates.ts";
import { ending } from "../../test/tls/echo.ts";
import { NodeStream } from "../../test/tls/node-stream.ts";
import type { TlsClientOptions } from "./client.ts";
import { extensionTypes, messageTypes } from "./messages.ts";
import { TlsStream } from "./stream.ts";
import { parseTrustAnchors } from "./trust.ts";

const { ca, server: identity } = makePair();

let server: Server | undefined;
afterEach(() => server?.close());

/** How the connection ends when `change` has its way with each handshake message of the server. */
async function tamper(
  change: (type: number, message: Buffer) => Buffer | undefined,
  options: Partial<TlsClientOptions> = {},
): Promise<string> {
  server = createServer({ cert: identity.pem, key: identity.keyPem, maxVersion: "TLSv1.2" }, (socket) => {
    socket.on("error", () => undefined);
    socket.write("data");
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const below = new NodeStream(socket);
  const stream = new TlsStream(below, {
    host: "kube.example.com",
    anchors: parseTrustAnchors(ca.pem),
    ...options,
  });
  const pass = below.onData;
  let waiting = Buffer.alloc(0);
  let encrypted = false;
  below.onData = (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 5 && waiting.length >= 5 + waiting.readUInt16BE(3)) {
      const record = waiting.subarray(0, 5 + waiting.readUInt16BE(3));
      waiting = waiting.subarray(record.length);
      const message = Buffer.from(record.subarray(5));
      const inTheClear = record[0] === 22 && !encrypted;
      encrypted ||= record[0] === 20;
      const changed = inTheClear ? change(message[0] ?? 0, message) : change(-(record[0] ?? 0), message);
      if (changed === undefined) continue;
      const header = Buffer.from([record[0] ?? 0, 3, 3, changed.length >> 8, changed.length & 0xff]);
      pass(new Uint8Array(Buffer.concat([header, changed])));
    }
  };
  let data = "";
  stream.onData = (chunk) => (data += Buffer.from(chunk).toString());
  const end = await ending(stream);
  expect(data).toBe("");
  return end;
}

const on =
  (type: number, act: (message: Buffer) => Buffer | undefined) =>
  (seen: number, message: Buffer): Buffer | undefined =>
    seen === type ? act(message) : message;

const flipped = (at: number) => (message: Buffer) => {
  const from = at < 0 ? message.length + at : at;
  message[from] = (message[from] ?? 0) ^ 1;
  return message;
};

describe("TLS 1.2 with somebody in between", () => {
  it("is not spoken by a server that could speak TLS 1.3", async () => {
    const mark = on(messageTypes.serverHello, (message) => {
      message.set(Buffer.from("DOWNGRD\x01"), 4 + 2 + 24);
      return message;
    });
    expect(await tamper(mark)).toMatch(/somebody made the server speak an older version/);
  });

  it("refuses another random value, key or signature of the key exchange", async () => {
    for (const change of [
      on(messageTypes.serverHello, flipped(10)),
      on(messageTypes.serverKeyExchange, flipped(20)),
      on(messageTypes.serverKeyExchange, flipped(-1)),
    ]) {
      expect(await tamper(change)).toBe("TLS: the server does not hold the key of its certificate");
      server?.close();
    }
  });

  it("refuses another curve, scheme and cipher suite", async () => {
    expect(await tamper(on(messageTypes.serverKeyExchange, flipped(6)))).toMatch(
      /group that was not offered|hold the key/,
    );
    server?.close();
    const weak = on(messageTypes.serverHello, (message) => {
      message.writeUInt16BE(0x009c, 4 + 2 + 32 + 1 + (message[38] ?? 0));
      return message;
    });
    expect(await tamper(weak)).toMatch(/cipher suite that was not offered/);
    server?.close();
    const rsa = on(messageTypes.serverHello, (message) => {
      message.writeUInt16BE(0xc02f, 4 + 2 + 32 + 1 + (message[38] ?? 0));
      return message;
    });
    expect(await tamper(rsa)).toMatch(/certificate does not fit the cipher suite/);
  });

  it("refuses a handshake without one of its messages", async () => {
    for (const type of [messageTypes.certificate, messageTypes.serverKeyExchange]) {
      expect(await tamper(on(type, () => undefined))).toMatch(/^TLS: the server sent .* in place of/);
      server?.close();
    }
    // Without ChangeCipherSpec, Finished is noise in the clear.
    const changed = await tamper((type, message) =>
      type === -20
        ? undefined
        : type === -22
          ? Buffer.from([20, 0, 0, 12, ...message.subarray(0, 12)])
          : message,
    );
    expect(changed).toBe("TLS: the server sent message 20 in place of ChangeCipherSpec");
  });

  it("refuses a Finished and data that were changed", async () => {
    expect(await tamper(on(-22, flipped(-1)))).toMatch(/a record is not what the server sent/);
    server?.close();
    expect(await tamper(on(-23, flipped(-1)))).toMatch(/a record is not what the server sent/);
  });

  it("fails when an extension was taken out of ServerHello", async () => {
    // extended_master_secret: both sides then derive other keys.
    const strip = on(messageTypes.serverHello, (message) => {
      const id = Buffer.from([0, extensionTypes.extendedMasterSecret, 0, 0]);
      const at = message.indexOf(id, 38);
      expect(at).toBeGreaterThan(0);
      message.writeUInt16BE(0x7777, at);
      return message;
    });
    expect(await tamper(strip)).toMatch(/has extension 30583/);
  });

  it("refuses a chain of another authority", async () => {
    const anchors = parseTrustAnchors(makePair().ca.pem);
    expect(await tamper((_, message) => message, { anchors })).toMatch(/signed by an unknown authority/);
  });
});
