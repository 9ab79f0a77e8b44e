/** What a handshake is given, what it asks of its connection, and what it ends in. */
import type { KeyObject } from "node:crypto";
import { TlsError } from "./alerts.ts";
import type { Certificate } from "./certificate.ts";
import type { Group } from "./key-exchange.ts";
import type { HandshakeMessage, ServerHello } from "./messages.ts";
import type { Protection } from "./protection.ts";
import type { ServerName } from "./server-name.ts";
import type { Suite, Version } from "./suites.ts";
import type { Transcript } from "./transcript.ts";
import type { TrustAnchors } from "./trust.ts";

/** The client's own certificate, for servers that ask for one. */
export interface ClientCredential {
  /** DER, the client's own first. */
  readonly chain: readonly Uint8Array[];
  readonly privateKey: KeyObject;
}

export interface HandshakeOptions {
  readonly server: ServerName;
  readonly anchors: TrustAnchors;
  readonly alpn: readonly string[];
  readonly credential: ClientCredential | undefined;
  readonly versions: readonly Version[];
  readonly suites: readonly Suite[];
  readonly groups: readonly Group[];
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface HandshakeHost {
  send: (message: Uint8Array) => void;
  sendChangeCipherSpec: () => void;
  /** From here on every record must be of this version. */
  setVersion: (version: Version) => void;
  /** The server's messages so far must end where its keys change. */
  setReading: (protection: Protection) => void;
  setWriting: (protection: Protection) => void;
}

export interface Established {
  readonly version: Version;
  readonly suite: Suite;
  readonly group: Group;
  readonly protocol: string | undefined;
  readonly certificate: Certificate;
  /** TLS 1.3: what the next keys are derived from. */
  readonly secrets: { readonly reading: Uint8Array; readonly writing: Uint8Array } | undefined;
}

/** `change`: a ChangeCipherSpec of TLS 1.2. */
export type Incoming = HandshakeMessage | "change";
export type Handshake = Generator<undefined, Established, Incoming>;

/** What the two versions go on from. */
export interface Hellos {
  readonly options: HandshakeOptions;
  readonly host: HandshakeHost;
  readonly transcript: Transcript;
  readonly clientRandom: Uint8Array;
  readonly serverHello: ServerHello;
  readonly suite: Suite;
}

/** The message, if it is of that type. */
export function expectMessage(incoming: Incoming, type: number, what: string): HandshakeMessage {
  if (incoming !== "change" && incoming.type === type) return incoming;
  const got = incoming === "change" ? "ChangeCipherSpec" : `message ${incoming.type}`;
  throw new TlsError("unexpected_message", `the server sent ${got} in place of ${what}`);
}
