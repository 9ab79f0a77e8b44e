import { expect, it } from "vitest";
import { makePair } from "../../test/tls/certificates.ts";
import { ScriptedServer } from "../../test/tls/scripted-server.ts";
import { contentTypes } from "./protection.ts";
import type { ByteStream, CloseReason } from "../byte-stream.ts";
import { TlsStream } from "./stream.ts";
import { parseTrustAnchors } from "./trust.ts";

const { ca, server: identity } = makePair();

/** The lower end: bytes go straight to a server, whose answers wait for `flow`. */
class Below implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  open = true;
  reading = true;
  full = false;
  readonly waiting: Uint8Array[] = [];
  readonly server = new ScriptedServer(identity);

  constructor() {
    this.server.onSend = (bytes) => this.waiting.push(bytes);
  }

  write(bytes: Uint8Array): boolean {
    this.server.receive(bytes);
    return !this.full;
  }
  /** All that the server has said, in one chunk. */
  flow(): void {
    const chunk = Buffer.concat(this.waiting.splice(0));
    if (chunk.length > 0) this.onData(new Uint8Array(chunk));
  }
  pauseReading(): void {
    this.reading = false;
  }
  resumeReading(): void {
    this.reading = true;
    this.flow();
  }
  close(): void {
    this.open = false;
  }
  abort(): void {
    this.open = false;
  }
}

function open(host = "kube.example.com"): { below: Below; stream: TlsStream; heard: string[] } {
  const below = new Below();
  const stream = new TlsStream(below, { host, anchors: parseTrustAnchors(ca.pem) });
  const heard: string[] = [];
  stream.onData = (chunk) => heard.push(new TextDecoder().decode(chunk));
  stream.onClose = (reason) => heard.push(reason.kind === "eof" ? "EOF" : reason.text);
  return { below, stream, heard };
}

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

it("sends what was written before the handshake was over, and not before", () => {
  const { below, stream } = open();
  const heard: string[] = [];
  below.server.onData = (chunk) => heard.push(new TextDecoder().decode(chunk));
  expect(stream.write(text("early"))).toBe(true);
  expect(heard).toEqual([]);
  below.flow();
  expect([stream.secure, heard]).toEqual([true, ["early"]]);
});

it("asks a writer to wait, before the handshake and when the stream below is full", () => {
  const { below, stream } = open();
  let drained = 0;
  stream.onDrain = () => drained++;
  expect(stream.write(new Uint8Array(300_000))).toBe(false);
  below.flow();
  expect(drained).toBe(1);
  below.full = true;
  expect(stream.write(text("more"))).toBe(false);
  below.full = false;
  below.onDrain();
  expect(drained).toBe(2);
  expect(stream.write(text("more"))).toBe(true);
});

it("stops reading below when its reader says so, and loses nothing of what had come", () => {
  const { below, stream, heard } = open();
  below.flow();
  stream.pauseReading();
  expect(below.reading).toBe(false);
  for (const word of ["one", "two", "three"]) below.server.data(text(word));
  below.server.record(contentTypes.alert, Uint8Array.of(1, 0));
  below.flow();
  expect(heard).toEqual([]);
  const { onData } = stream;
  stream.onData = (chunk) => {
    onData(chunk);
    if (heard.length === 2) stream.pauseReading();
  };
  stream.resumeReading();
  expect(heard).toEqual(["one", "two"]);
  stream.resumeReading();
  expect(heard).toEqual(["one", "two", "three", "EOF"]);
  expect(stream.open).toBe(false);
});

it("finishes the handshake also when its reader wants nothing yet", () => {
  const { below, stream, heard } = open();
  stream.pauseReading();
  below.flow();
  expect([stream.secure, below.reading]).toEqual([true, false]);
  below.server.data(text("later"));
  stream.resumeReading();
  expect(heard).toEqual(["later"]);
});

it("says why it ends: a server that is another, a dial that failed, a time that ran out", () => {
  const wrong = open("other.example.com");
  wrong.below.flow();
  expect(wrong.heard).toEqual([
    expect.stringMatching(/^TLS: the server's certificate is not valid for other\.example\.com/),
  ]);
  expect(wrong.below.open).toBe(false);
  const failed = open();
  failed.below.onClose({ kind: "error", text: "dial tcp: connection refused" });
  expect(failed.heard).toEqual(["dial tcp: connection refused"]);
  const slow = open();
  slow.stream.abort("TLS handshake timed out");
  expect([slow.heard, slow.below.open]).toEqual([["TLS handshake timed out"], false]);
});

it("closes with a goodbye, and calls nobody afterwards", () => {
  const { below, stream, heard } = open();
  below.flow();
  stream.close();
  stream.close();
  below.onClose({ kind: "eof" });
  expect([below.server.alerts, below.open, heard]).toEqual([[[1, 0]], false, []]);
});
