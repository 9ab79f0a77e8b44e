/** Handshake messages as bytes (RFC 8446, section 4; RFC 5246, section 7.4). Pure. */
import { TlsError } from "./alerts.ts";
import { ByteReader, ascii, concat, uint, vector } from "./bytes.ts";
import type { Group } from "./key-exchange.ts";
import type { ServerName } from "./server-name.ts";
import type { SignatureScheme } from "./signatures.ts";
import type { Suite, Version } from "./suites.ts";

export const messageTypes = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  keyUpdate: 24,
  messageHash: 254,
} as const;

export const extensionTypes = {
  serverName: 0,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  cookie: 44,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

export interface HandshakeMessage {
  readonly type: number;
  readonly body: Uint8Array;
  /** With its header, as transcripts want it. */
  readonly raw: Uint8Array;
}

export function encodeMessage(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(type), vector(3, ...parts));
}

export interface ClientHello {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly server: ServerName;
  readonly versions: readonly Version[];
  readonly suites: readonly Suite[];
  readonly groups: readonly Group[];
  readonly schemes: readonly SignatureScheme[];
  readonly alpn: readonly string[];
  readonly share?: { readonly group: Group; readonly publicKey: Uint8Array };
  /** Of a HelloRetryRequest, sent back. */
  readonly cookie?: Uint8Array;
}

export function encodeClientHello(hello: ClientHello): Uint8Array {
  return encodeMessage(
    messageTypes.clientHello,
    uint(2, 0x0303),
    hello.random,
    vector(1, hello.sessionId),
    vector(2, ...hello.suites.map(({ id }) => uint(2, id))),
    vector(1, Uint8Array.of(0)),
    vector(2, ...clientExtensions(hello)),
  );
}

function clientExtensions(hello: ClientHello): Uint8Array[] {
  const types = extensionTypes;
  const list: Uint8Array[] = [];
  const add = (type: number, ...parts: readonly Uint8Array[]): void =>
    void list.push(uint(2, type), vector(2, ...parts));
  // Addresses are no server names (RFC 6066, section 3).
  if (hello.server.kind === "dns")
    add(types.serverName, vector(2, Uint8Array.of(0), vector(2, ascii(hello.server.name))));
  add(types.supportedGroups, vector(2, ...hello.groups.map(({ id }) => uint(2, id))));
  add(types.signatureAlgorithms, vector(2, ...hello.schemes.map(({ id }) => uint(2, id))));
  if (hello.alpn.length > 0) add(types.alpn, vector(2, ...hello.alpn.map((name) => vector(1, ascii(name)))));
  if (hello.versions.includes("TLS 1.2")) {
    add(types.ecPointFormats, vector(1, Uint8Array.of(0)));
    add(types.extendedMasterSecret);
    add(types.renegotiationInfo, vector(1));
  }
  if (hello.share !== undefined) {
    add(types.supportedVersions, vector(1, ...hello.versions.map((version) => uint(2, versionIds[version]))));
    if (hello.cookie !== undefined) add(types.cookie, vector(2, hello.cookie));
    const { group, publicKey } = hello.share;
    add(types.keyShare, vector(2, uint(2, group.id), vector(2, publicKey)));
  }
  return list;
}

export const versionIds: Readonly<Record<Version, number>> = { "TLS 1.2": 0x0303, "TLS 1.3": 0x0304 };

export type ExtensionMap = ReadonlyMap<number, Uint8Array>;

/** `offered`: what the server may answer. */
export function readExtensions(
  reader: ByteReader,
  what: string,
  offered: ReadonlySet<number> | "any",
): ExtensionMap {
  const list = new ByteReader(reader.vector(2), what);
  const extensions = new Map<number, Uint8Array>();
  while (list.remaining > 0) {
    const type = list.uint(2);
    const value = list.vector(2);
    if (extensions.has(type)) throw new TlsError("illegal_parameter", `${what} has extension ${type} twice`);
    if (offered !== "any" && !offered.has(type))
      throw new TlsError(
        "unsupported_extension",
        `${what} has extension ${type}, which does not belong there`,
      );
    extensions.set(type, value);
  }
  return extensions;
}

export interface ServerHello {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suiteId: number;
  readonly extensions: ExtensionMap;
}

export function decodeServerHello(body: Uint8Array): ServerHello {
  const reader = new ByteReader(body, "ServerHello");
  const legacyVersion = reader.uint(2);
  const random = reader.take(32);
  const sessionId = reader.vector(1);
  const suiteId = reader.uint(2);
  const compression = reader.uint(1);
  if (sessionId.length > 32)
    throw new TlsError("decode_error", "ServerHello has a session id that is too long");
  if (compression !== 0) throw new TlsError("illegal_parameter", "the server wants compression");
  // A server of TLS 1.2 without extensions may leave out the list.
  const extensions: ExtensionMap =
    reader.remaining === 0 ? new Map<number, Uint8Array>() : readExtensions(reader, "ServerHello", "any");
  reader.end();
  return { legacyVersion, random, sessionId, suiteId, extensions };
}

/** The chain of a Certificate message. */
export function decodeCertificates(body: Uint8Array, version: Version): Uint8Array[] {
  const what = "Certificate";
  const reader = new ByteReader(body, what);
  if (version === "TLS 1.3" && reader.vector(1).length > 0)
    throw new TlsError("illegal_parameter", "Certificate has a context that nobody asked for");
  const list = new ByteReader(reader.vector(3), what);
  reader.end();
  const certificates: Uint8Array[] = [];
  while (list.remaining > 0) {
    certificates.push(list.vector(3, 1));
    // No extension was offered that a server may answer here.
    if (version === "TLS 1.3") readExtensions(list, what, new Set());
  }
  return certificates;
}

export function encodeCertificates(
  chain: readonly Uint8Array[],
  version: Version,
  context: Uint8Array,
): Uint8Array {
  const entries = chain.map((raw) =>
    version === "TLS 1.3" ? concat(vector(3, raw), uint(2, 0)) : vector(3, raw),
  );
  const list = vector(3, ...entries);
  return version === "TLS 1.3"
    ? encodeMessage(messageTypes.certificate, vector(1, context), list)
    : encodeMessage(messageTypes.certificate, list);
}

export function decodeSignature(reader: ByteReader): { schemeId: number; signature: Uint8Array } {
  const schemeId = reader.uint(2);
  const signature = reader.vector(2);
  reader.end();
  return { schemeId, signature };
}

/** Ids in a list of two-byte numbers. */
export function decodeIds(bytes: Uint8Array, what: string): number[] {
  const reader = new ByteReader(bytes, what);
  const list = new ByteReader(reader.vector(2, 2), what);
  reader.end();
  const ids: number[] = [];
  while (list.remaining > 0) ids.push(list.uint(2));
  return ids;
}

/** The protocol that the server chose, which must be one of those offered. */
export function chosenProtocol(
  extension: Uint8Array | undefined,
  offered: readonly string[],
): string | undefined {
  if (extension === undefined) return undefined;
  const reader = new ByteReader(extension, "ALPN");
  const list = new ByteReader(reader.vector(2), "ALPN");
  reader.end();
  const name = String.fromCharCode(...list.vector(1, 1));
  list.end();
  if (!offered.includes(name))
    throw new TlsError("illegal_parameter", "the server chose a protocol that was not offered");
  return name;
}
