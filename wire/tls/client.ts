/**
 * A TLS client over any byte stream (RFC 8446, RFC 5246): bytes in by `receive`, bytes out by `send`; no socket, no clock of its own, no
 * timer. It trusts the given authorities and no other. After `onEnd` or `onError` nothing more is called.
 */
import { TlsError, alertCodes, alertName } from "./alerts.ts";
import type { AlertName } from "./alerts.ts";
import { concat, noBytes, uint } from "./bytes.ts";
import { clientHandshake, defaults } from "./handshake.ts";
import type { ClientCredential, Established, Handshake, HandshakeOptions } from "./handshake-host.ts";
import { nextTrafficSecret } from "./key-schedule.ts";
import { encodeMessage, messageTypes } from "./messages.ts";
import type { HandshakeMessage } from "./messages.ts";
import { Plain, Protection13, contentTypes, maxPlaintext } from "./protection.ts";
import type { Protection } from "./protection.ts";
import { RecordSplitter } from "./records.ts";
import { parseServerName } from "./server-name.ts";
import type { Version } from "./suites.ts";
import type { TrustAnchors } from "./trust.ts";

export interface TlsClientOptions {
  /** The name or the IP address that the server's certificate must be for. */
  readonly host: string;
  readonly anchors: TrustAnchors;
  /** Protocols to offer; a server may choose none. */
  readonly alpn?: readonly string[];
  /** Shown to a server that asks. */
  readonly credential?: ClientCredential;
  readonly versions?: readonly Version[];
  readonly suites?: HandshakeOptions["suites"];
  readonly groups?: HandshakeOptions["groups"];
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface TlsClientEvents {
  /** Bytes for the server. Must not throw. */
  readonly send: (bytes: Uint8Array) => void;
  /** The server is who it must be; `write` may be used. */
  readonly onSecure: (established: Established) => void;
  readonly onData: (chunk: Uint8Array) => void;
  /** The server has said that it sends no more. */
  readonly onEnd: () => void;
  /** The connection is of no use any more. The server has been told, where that makes sense. */
  readonly onError: (error: TlsError) => void;
}

/** A chain of certificates fits well into it. */
const maxMessage = 128 << 10;
/** Messages and records without data, in a row: a peer could keep us busy for nothing. */
const maxIdleRecords = 64;
/** AES-GCM under one key is safe up to 2^24.5 records (RFC 8446, section 5.5). */
const rekeyAfter = 1 << 23;

export class TlsClient {
  readonly #events: TlsClientEvents;
  readonly #handshake: Handshake | undefined;
  readonly #splitter = new RecordSplitter();
  #reading: Protection = new Plain(0x0303);
  #writing: Protection = new Plain(0x0301);
  #version: Version | undefined;
  #established: Established | undefined;
  #readingSecret: Uint8Array = noBytes;
  #writingSecret: Uint8Array = noBytes;
  /** Of a handshake message that is not complete. */
  #message: Uint8Array = noBytes;
  #idleRecords = 0;
  #serverUpdates = 0;
  #sentClose = false;
  #over = false;

  /** Throws TlsError when `host` is neither a name nor an address. */
  constructor(options: TlsClientOptions, events: TlsClientEvents) {
    this.#events = events;
    const server = parseServerName(options.host);
    if (server === undefined)
      throw new TlsError(undefined, `${options.host} is no name that a certificate could have`);
    this.#handshake = clientHandshake(
      {
        server,
        anchors: options.anchors,
        alpn: options.alpn ?? [],
        credential: options.credential,
        versions: options.versions ?? defaults.versions,
        suites: options.suites ?? defaults.suites,
        groups: options.groups ?? defaults.groups,
        now: options.now ?? Date.now,
      },
      {
        send: (message) => this.#send(contentTypes.handshake, message),
        sendChangeCipherSpec: () =>
          this.#events.send(new Plain(0x0303).seal(contentTypes.changeCipherSpec, Uint8Array.of(1))),
        setVersion: (version) => void (this.#version = version),
        setReading: (protection) => this.#changeReading(protection),
        setWriting: (protection) => void (this.#writing = protection),
      },
    );
  }

  /** Sends ClientHello. */
  start(): void {
    this.#guard(() => {
      this.#handshake?.next();
      this.#writing = new Plain(0x0303);
    });
  }

  /** Known once the server has proven itself. */
  get established(): Established | undefined {
    return this.#established;
  }

  /** How often the server has changed its keys. */
  get serverUpdates(): number {
    return this.#serverUpdates;
  }

  /** Bytes from the server. Never throws. Chunks of data are the reader's to keep. */
  receive(bytes: Uint8Array): void {
    this.#guard(() =>
      this.#splitter.feed(
        bytes,
        () => this.#reading.maxExpansion,
        (header, body) => {
          this.#receiveRecord(header, body);
          return !this.#over;
        },
      ),
    );
  }

  /** The stream below has ended. Without a word of the server before it, somebody may have cut it. */
  receiveEnd(): void {
    if (this.#over) return;
    const what = this.#established === undefined ? "during the TLS handshake" : "without the end of TLS";
    this.#fail(new TlsError(undefined, `the connection was closed ${what}`));
  }

  /** Data for the server. Not before `onSecure`. */
  write(bytes: Uint8Array): void {
    this.#guard(() => {
      if (this.#sentClose || this.#established === undefined) return;
      if (this.#writing.sequence >= rekeyAfter && this.#version === "TLS 1.3") this.#updateWriting(false);
      for (let start = 0; start < bytes.length; start += maxPlaintext)
        this.#events.send(
          this.#writing.seal(contentTypes.applicationData, bytes.subarray(start, start + maxPlaintext)),
        );
    });
  }

  /** Says that no more comes from us. What the server still sends is not heard. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#alert("close_notify");
  }

  /** Makes new keys, for tests and for connections that live long. TLS 1.3 only. */
  updateKeys(requestAnswer: boolean): void {
    this.#guard(() => this.#updateWriting(requestAnswer));
  }

  #guard(act: () => void): void {
    if (this.#over) return;
    try {
      act();
    } catch (error) {
      const wrapped =
        error instanceof TlsError
          ? error
          : new TlsError("internal_error", `TLS failed: ${String(error)}`, { cause: error });
      this.#fail(wrapped);
    }
  }

  #fail(error: TlsError): void {
    this.#over = true;
    if (error.alert !== undefined) this.#alert(error.alert);
    this.#events.onError(error);
  }

  #alert(name: AlertName): void {
    if (this.#sentClose) return;
    this.#sentClose = true;
    const level = name === "close_notify" ? 1 : 2;
    try {
      this.#send(contentTypes.alert, Uint8Array.of(level, alertCodes[name]));
    } catch {
      // There is nothing left to say.
    }
  }

  #send(type: number, content: Uint8Array): void {
    for (let start = 0; start < content.length; start += maxPlaintext)
      this.#events.send(this.#writing.seal(type, content.subarray(start, start + maxPlaintext)));
  }

  #receiveRecord(header: Uint8Array, body: Uint8Array): void {
    if (header[0] === contentTypes.changeCipherSpec && this.#version !== "TLS 1.2") {
      this.#ignoreChange(body);
      return;
    }
    const { type, content } = this.#reading.open(header, body);
    if (content.length > maxPlaintext) throw new TlsError("record_overflow", "a record is too large");
    switch (type) {
      case contentTypes.handshake:
        this.#receiveHandshake(content);
        return;
      case contentTypes.alert:
        this.#receiveAlert(content);
        return;
      case contentTypes.applicationData:
        this.#receiveData(content);
        return;
      case contentTypes.changeCipherSpec:
        this.#receiveChange(content);
        return;
      default:
        throw new TlsError("unexpected_message", "a record of an unknown type");
    }
  }

  #countIdle(): void {
    this.#idleRecords++;
    if (this.#idleRecords > maxIdleRecords)
      throw new TlsError("unexpected_message", "too many records without data");
  }

  #receiveData(content: Uint8Array): void {
    if (this.#established === undefined || this.#message.length > 0)
      throw new TlsError("unexpected_message", "data in the middle of a handshake");
    if (content.length === 0) {
      this.#countIdle();
      return;
    }
    this.#idleRecords = 0;
    this.#events.onData(content);
  }

  /** TLS 1.3 looks like TLS 1.2 to what stands between (RFC 8446, D.4). */
  #ignoreChange(body: Uint8Array): void {
    const proper = body.length === 1 && body[0] === 1 && this.#established === undefined;
    if (!proper) throw new TlsError("unexpected_message", "a ChangeCipherSpec out of place");
    this.#countIdle();
  }

  #receiveChange(content: Uint8Array): void {
    const proper = content.length === 1 && content[0] === 1 && this.#message.length === 0;
    if (!proper || this.#established !== undefined || this.#version !== "TLS 1.2")
      throw new TlsError("unexpected_message", "a ChangeCipherSpec out of place");
    this.#advance("change");
  }

  #receiveAlert(content: Uint8Array): void {
    const [level = 0, code = 0] = content;
    if (content.length !== 2) throw new TlsError("decode_error", "an alert of a wrong length");
    if (code === alertCodes.close_notify) {
      this.#over = true;
      this.#alert("close_notify");
      // During a handshake it is a refusal.
      if (this.#established === undefined)
        this.#events.onError(
          new TlsError(undefined, "the server closed the connection during the TLS handshake"),
        );
      else this.#events.onEnd();
      return;
    }
    const harmless =
      code === alertCodes.user_canceled ||
      (level === 1 && this.#version !== "TLS 1.3" && code !== alertCodes.no_renegotiation);
    if (harmless) this.#countIdle();
    else throw new TlsError(undefined, `the server refused the connection: ${alertName(code)}`);
  }

  #receiveHandshake(content: Uint8Array): void {
    if (content.length === 0) throw new TlsError("unexpected_message", "an empty handshake record");
    this.#message = this.#message.length === 0 ? content : concat(this.#message, content);
    for (;;) {
      const [type = 0, high = 0, middle = 0, low = 0] = this.#message;
      if (this.#message.length < 4) return;
      const length = (high << 16) | (middle << 8) | low;
      if (length > maxMessage) throw new TlsError("illegal_parameter", "a handshake message is too large");
      const raw = this.#message.subarray(0, 4 + length);
      if (raw.length < 4 + length) {
        // Each small record copies anew what came before it.
        this.#countIdle();
        return;
      }
      this.#message = this.#message.subarray(4 + length);
      // A copy: the transcript keeps it, and must not keep a whole chunk of the tunnel with it.
      this.#receiveMessage({ type, raw: raw.slice(), body: raw.slice(4) });
      if (this.#over) return;
    }
  }

  #receiveMessage(message: HandshakeMessage): void {
    if (this.#established === undefined) {
      // TLS 1.2 may ask for a handshake that is under way already.
      if (message.type === messageTypes.helloRequest && this.#version !== "TLS 1.3") this.#countIdle();
      else this.#advance(message);
      return;
    }
    this.#countIdle();
    if (this.#version === "TLS 1.2") {
      if (message.type !== messageTypes.helloRequest || message.body.length > 0)
        throw new TlsError("unexpected_message", `message ${message.type} after the handshake`);
      this.#send(contentTypes.alert, Uint8Array.of(1, alertCodes.no_renegotiation));
      return;
    }
    switch (message.type) {
      case messageTypes.newSessionTicket:
        // Sessions are not resumed: connections live long, and tickets would link them.
        return;
      case messageTypes.keyUpdate:
        this.#receiveKeyUpdate(message.body);
        return;
      default:
        throw new TlsError("unexpected_message", `message ${message.type} after the handshake`);
    }
  }

  #receiveKeyUpdate(body: Uint8Array): void {
    const [request = 2] = body;
    if (body.length !== 1) throw new TlsError("decode_error", "KeyUpdate of a wrong length");
    if (request > 1) throw new TlsError("illegal_parameter", "KeyUpdate asks for what is not known");
    const { suite } = this.#secured();
    this.#serverUpdates += 1;
    this.#readingSecret = nextTrafficSecret(suite.hash, this.#readingSecret);
    this.#changeReading(new Protection13(suite, this.#readingSecret));
    if (request === 1) this.#updateWriting(false);
  }

  #updateWriting(requestAnswer: boolean): void {
    const { suite, version } = this.#secured();
    if (version !== "TLS 1.3") return;
    this.#send(contentTypes.handshake, encodeMessage(messageTypes.keyUpdate, uint(1, requestAnswer ? 1 : 0)));
    this.#writingSecret = nextTrafficSecret(suite.hash, this.#writingSecret);
    this.#writing = new Protection13(suite, this.#writingSecret);
  }

  #secured(): Established {
    if (this.#established === undefined) throw new TlsError("internal_error", "there are no keys yet");
    return this.#established;
  }

  /** A message must not be half in one key and half in the next. */
  #changeReading(protection: Protection): void {
    if (this.#message.length > 0)
      throw new TlsError("unexpected_message", "a handshake message goes on behind a change of keys");
    this.#reading = protection;
  }

  #advance(incoming: HandshakeMessage | "change"): void {
    this.#idleRecords = 0;
    const step = this.#handshake?.next(incoming);
    if (step?.done !== true) return;
    const established = step.value;
    if (this.#message.length > 0 && established.version === "TLS 1.2")
      throw new TlsError("unexpected_message", "bytes behind the server's Finished");
    this.#established = established;
    this.#readingSecret = established.secrets?.reading ?? noBytes;
    this.#writingSecret = established.secrets?.writing ?? noBytes;
    this.#events.onSecure(established);
  }
}
