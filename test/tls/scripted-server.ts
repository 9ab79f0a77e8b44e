/**
 * A TLS 1.3 server that does what a test says, also what no honest server does. It is built from the client's own parts, and therefore
 * proves what the client refuses; that the two speak TLS is proven against OpenSSL and Go.
 */
import { randomBytes } from "node:crypto";
import { ByteReader, concat, equalBytes, uint, vector } from "../../wire/tls/bytes.ts";
import { proofContent } from "../../wire/tls/handshake-13.ts";
import { createKeyExchange, groups } from "../../wire/tls/key-exchange.ts";
import { KeySchedule, finishedData, nextTrafficSecret } from "../../wire/tls/key-schedule.ts";
import {
  encodeCertificates,
  encodeMessage,
  extensionTypes,
  messageTypes,
  readExtensions,
} from "../../wire/tls/messages.ts";
import type { ExtensionMap } from "../../wire/tls/messages.ts";
import { Plain, Protection13, contentTypes } from "../../wire/tls/protection.ts";
import type { Protection } from "../../wire/tls/protection.ts";
import { parseCertificate } from "../../wire/tls/certificate.ts";
import { RecordSplitter } from "../../wire/tls/records.ts";
import { makeSignature, schemes, suits } from "../../wire/tls/signatures.ts";
import { suites } from "../../wire/tls/suites.ts";
import type { Suite } from "../../wire/tls/suites.ts";
import { Transcript } from "../../wire/tls/transcript.ts";
import type { Identity } from "./certificates.ts";

export type Extension = readonly [type: number, value: Uint8Array];

export interface HelloParts {
  version: number;
  random: Uint8Array;
  sessionId: Uint8Array;
  suiteId: number;
  compression: number;
  extensions: Extension[];
}

export interface Script {
  readonly suite?: number;
  /** Changes ServerHello before it is sent. */
  readonly hello?: (hello: HelloParts) => void;
  /** Sends a HelloRetryRequest with these extensions first. */
  readonly retry?: (hello: HelloParts) => void;
  readonly encryptedExtensions?: readonly Extension[];
  readonly chain?: readonly Uint8Array[];
  readonly certificateMessage?: Uint8Array;
  readonly schemeId?: number;
  readonly proof?: (signature: Uint8Array) => Uint8Array;
  readonly finished?: (data: Uint8Array) => Uint8Array;
  /** In place of EncryptedExtensions and all after it. */
  readonly flight?: (server: ScriptedServer) => void;
  /** Behind Finished, under the keys of the handshake's end. */
  readonly afterFinished?: (server: ScriptedServer) => void;
}

export interface ParsedClientHello {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suiteIds: readonly number[];
  readonly extensions: ExtensionMap;
}

export class ScriptedServer {
  onSend: (bytes: Uint8Array) => void = () => undefined;
  onData: (chunk: Uint8Array) => void = () => undefined;
  readonly hellos: ParsedClientHello[] = [];
  /** `level, code` of what the client said. */
  readonly alerts: number[][] = [];
  readonly keyUpdates: number[] = [];
  finishedSeen = false;
  readonly #identity: Identity;
  readonly #script: Script;
  readonly #splitter = new RecordSplitter();
  readonly #transcript = new Transcript();
  #reading: Protection = new Plain(0x0303);
  #writing: Protection = new Plain(0x0303);
  #suite: Suite;
  #buffer = new Uint8Array(0);
  #expected = new Uint8Array(0);
  #clientSecret: Uint8Array = new Uint8Array(0);
  #serverSecret: Uint8Array = new Uint8Array(0);
  #retried = false;

  constructor(identity: Identity, script: Script = {}) {
    this.#identity = identity;
    this.#script = script;
    const suite = suites.find(({ id }) => id === (script.suite ?? 0x1301));
    if (suite === undefined) throw new Error("no such suite");
    this.#suite = suite;
  }

  receive(bytes: Uint8Array): void {
    this.#splitter.feed(
      bytes,
      () => this.#reading.maxExpansion,
      (header, body) => {
        if (header[0] === contentTypes.changeCipherSpec) return true;
        // An alert of a client that did not come to keys, or has none in common with us.
        if (header[0] === contentTypes.alert) {
          this.alerts.push([...body]);
          return true;
        }
        const { type, content } = this.#reading.open(header, body);
        if (type === contentTypes.alert) this.alerts.push([...content]);
        else if (type === contentTypes.applicationData) this.onData(content);
        else this.#receiveHandshake(content);
        return true;
      },
    );
  }

  #receiveHandshake(content: Uint8Array): void {
    this.#buffer = concat(this.#buffer, content);
    while (this.#buffer.length >= 4) {
      const [type = 0, high = 0, middle = 0, low = 0] = this.#buffer;
      const end = 4 + ((high << 16) | (middle << 8) | low);
      if (this.#buffer.length < end) return;
      const raw = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end);
      if (type === messageTypes.clientHello) this.#answer(raw);
      else if (type === messageTypes.finished) this.#clientFinished(raw.subarray(4));
      else if (type === messageTypes.keyUpdate) {
        this.keyUpdates.push(raw[4] ?? -1);
        this.#clientSecret = nextTrafficSecret(this.#suite.hash, this.#clientSecret);
        this.#reading = new Protection13(this.#suite, this.#clientSecret);
      }
    }
  }

  #answer(raw: Uint8Array): void {
    const hello = parseClientHello(raw.subarray(4));
    this.hellos.push(hello);
    this.#transcript.add(raw);
    const parts = (random: Uint8Array, extensions: Extension[]): HelloParts => ({
      version: 0x0303,
      random,
      sessionId: hello.sessionId,
      suiteId: this.#suite.id,
      compression: 0,
      extensions: [[extensionTypes.supportedVersions, uint(2, 0x0304)], ...extensions],
    });
    if (this.#script.retry !== undefined && (!this.#retried || this.hellos.length < 2)) {
      this.#retried = true;
      const retry = parts(
        Buffer.from("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", "hex"),
        [],
      );
      this.#script.retry(retry);
      this.#transcript.use(this.#suite.hash);
      this.#transcript.replaceFirst((digest) => encodeMessage(messageTypes.messageHash, digest));
      this.send(encodeHello(retry));
      return;
    }
    this.#transcript.use(this.#suite.hash);
    const share = new ByteReader(hello.extensions.get(extensionTypes.keyShare) ?? new Uint8Array(0), "share");
    share.uint(2);
    const groupId = share.uint(2);
    const group = groups.find(({ id }) => id === groupId);
    if (group === undefined) throw new Error("no group");
    const exchange = createKeyExchange(group);
    const server = parts(randomBytes(32), [
      [extensionTypes.keyShare, concat(uint(2, group.id), vector(2, exchange.publicKey))],
    ]);
    this.#script.hello?.(server);
    this.send(encodeHello(server));

    const schedule = new KeySchedule(this.#suite.hash);
    schedule.advance(exchange.derive(share.vector(2)));
    const afterHello = this.#transcript.digest();
    const clientSecret = schedule.traffic("c hs traffic", afterHello);
    const serverSecret = schedule.traffic("s hs traffic", afterHello);
    this.#writing = new Protection13(this.#suite, serverSecret);
    this.#reading = new Protection13(this.#suite, clientSecret);
    if (this.#script.flight !== undefined) {
      this.#script.flight(this);
      return;
    }
    this.sendFlight();
    const data = finishedData(this.#suite.hash, serverSecret, this.#transcript.digest());
    this.send(encodeMessage(messageTypes.finished, this.#script.finished?.(data) ?? data));
    this.#expected = new Uint8Array(finishedData(this.#suite.hash, clientSecret, this.#transcript.digest()));
    const afterFinished = this.#transcript.digest();
    schedule.advance();
    this.#clientSecret = schedule.traffic("c ap traffic", afterFinished);
    this.#serverSecret = schedule.traffic("s ap traffic", afterFinished);
    this.#writing = new Protection13(this.#suite, this.#serverSecret);
    this.#script.afterFinished?.(this);
  }

  /** EncryptedExtensions, Certificate, CertificateVerify. */
  sendFlight(): void {
    const {
      encryptedExtensions = [],
      chain = [this.#identity.raw],
      proof,
      certificateMessage,
    } = this.#script;
    this.send(encodeMessage(messageTypes.encryptedExtensions, encodeExtensions(encryptedExtensions)));
    this.send(certificateMessage ?? encodeCertificates(chain, "TLS 1.3", new Uint8Array(0)));
    const { key } = parseCertificate(this.#identity.raw);
    const scheme =
      schemes.find(({ id }) => id === this.#script.schemeId) ??
      schemes.find((one) => suits(one, key, "TLS 1.3"));
    if (scheme === undefined) throw new Error("no scheme");
    const content = proofContent("server", this.#transcript.digest());
    const signature = makeSignature(scheme.algorithm, this.#identity.privateKey, key, content);
    this.send(
      encodeMessage(
        messageTypes.certificateVerify,
        uint(2, this.#script.schemeId ?? scheme.id),
        vector(2, proof?.(signature) ?? signature),
      ),
    );
  }

  /** A handshake message that belongs to the transcript. */
  send(message: Uint8Array): void {
    this.#transcript.add(message);
    this.record(contentTypes.handshake, message);
  }

  /** One record under the present keys. */
  record(type: number, content: Uint8Array): void {
    this.onSend(this.#writing.seal(type, content));
  }

  raw(bytes: Uint8Array): void {
    this.onSend(bytes);
  }

  data(content: Uint8Array): void {
    this.record(contentTypes.applicationData, content);
  }

  updateKeys(request: 0 | 1): void {
    this.record(contentTypes.handshake, encodeMessage(messageTypes.keyUpdate, Uint8Array.of(request)));
    this.#serverSecret = nextTrafficSecret(this.#suite.hash, this.#serverSecret);
    this.#writing = new Protection13(this.#suite, this.#serverSecret);
  }

  #clientFinished(data: Uint8Array): void {
    if (!equalBytes(data, this.#expected)) throw new Error("the client's Finished is wrong");
    this.finishedSeen = true;
    this.#reading = new Protection13(this.#suite, this.#clientSecret);
  }
}

function encodeExtensions(list: readonly Extension[]): Uint8Array {
  return vector(2, ...list.map(([type, value]) => concat(uint(2, type), vector(2, value))));
}

export function encodeHello(hello: HelloParts): Uint8Array {
  return encodeMessage(
    messageTypes.serverHello,
    uint(2, hello.version),
    hello.random,
    vector(1, hello.sessionId),
    uint(2, hello.suiteId),
    Uint8Array.of(hello.compression),
    encodeExtensions(hello.extensions),
  );
}

export function parseClientHello(body: Uint8Array): ParsedClientHello {
  const reader = new ByteReader(body, "ClientHello");
  reader.uint(2);
  const random = reader.take(32);
  const sessionId = reader.vector(1);
  const list = new ByteReader(reader.vector(2), "suites");
  const suiteIds: number[] = [];
  while (list.remaining > 0) suiteIds.push(list.uint(2));
  reader.vector(1);
  const extensions = readExtensions(reader, "ClientHello", "any");
  reader.end();
  return { random, sessionId, suiteIds, extensions };
}
