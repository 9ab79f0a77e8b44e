/**
 * The client's handshake as a coroutine: it is resumed with each message of the server and says through its host what to send and
 * which keys to use. Pure but for randomness. This file chooses the version; `handshake-13.ts` and `handshake-12.ts` go on.
 */
import { randomBytes } from "node:crypto";
import { TlsError } from "./alerts.ts";
import { ByteReader, equalBytes } from "./bytes.ts";
import { handshake12 } from "./handshake-12.ts";
import { handshake13 } from "./handshake-13.ts";
import { createKeyExchange, groups } from "./key-exchange.ts";
import type { Group, KeyExchange } from "./key-exchange.ts";
import {
  decodeServerHello,
  encodeClientHello,
  encodeMessage,
  extensionTypes,
  messageTypes,
  versionIds,
} from "./messages.ts";
import type { ClientHello, ServerHello } from "./messages.ts";
import { schemes } from "./signatures.ts";
import { suites } from "./suites.ts";
import type { Suite, Version } from "./suites.ts";
import { Transcript } from "./transcript.ts";
import { expectMessage } from "./handshake-host.ts";
import type { Handshake, HandshakeHost, HandshakeOptions } from "./handshake-host.ts";

/** The random value by which a ServerHello says that it is a HelloRetryRequest. */
const retryRandom = Uint8Array.from(
  "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c".match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);
/** How the random value of a server ends that could have spoken a later version (RFC 8446, section 4.1.3). */
const downgradeMarks = [0, 1].map((mark) => Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, mark));

export function* clientHandshake(options: HandshakeOptions, host: HandshakeHost): Handshake {
  const modern = options.versions.includes("TLS 1.3");
  const exchange = modern ? createKeyExchange(preferredGroup(options)) : undefined;
  const hello: ClientHello = {
    random: randomBytes(32),
    // An id makes the handshake look like an old one to what stands between (RFC 8446, D.4).
    sessionId: modern ? randomBytes(32) : new Uint8Array(0),
    server: options.server,
    versions: options.versions,
    suites: options.suites.filter(({ version }) => options.versions.includes(version)),
    groups: options.groups,
    schemes,
    alpn: options.alpn,
    ...(exchange === undefined ? {} : { share: exchange }),
  };
  const transcript = new Transcript();
  const first = encodeClientHello(hello);
  transcript.add(first);
  host.send(first);

  let message = expectMessage(yield, messageTypes.serverHello, "ServerHello");
  let serverHello = decodeServerHello(message.body);
  const version = chosenVersion(serverHello, hello);
  const suite = chosenSuite(serverHello, hello, version);
  host.setVersion(version);
  transcript.use(suite.hash);
  if (version === "TLS 1.2") {
    transcript.add(message.raw);
    checkDowngrade(serverHello, hello);
    if (serverHello.sessionId.length > 0 && equalBytes(serverHello.sessionId, hello.sessionId))
      throw new TlsError("illegal_parameter", "the server resumes a session that never was");
    return yield* handshake12({ options, host, transcript, clientRandom: hello.random, serverHello, suite });
  }

  if (exchange === undefined) throw new TlsError("protocol_version", "TLS 1.3 was not offered");
  let used: KeyExchange = exchange;
  if (isRetry(serverHello)) {
    checkSession(serverHello, hello);
    const { retried, group } = retryOf(serverHello, hello, options, used);
    transcript.replaceFirst((digest) => encodeMessage(messageTypes.messageHash, digest));
    transcript.add(message.raw);
    used = group === undefined ? used : createKeyExchange(group);
    const second = encodeClientHello({ ...retried, share: used });
    transcript.add(second);
    host.sendChangeCipherSpec();
    host.send(second);
    message = expectMessage(yield, messageTypes.serverHello, "ServerHello");
    serverHello = decodeServerHello(message.body);
    if (isRetry(serverHello)) throw new TlsError("unexpected_message", "the server wants to retry twice");
    const same = chosenVersion(serverHello, hello) === version && serverHello.suiteId === suite.id;
    if (!same) throw new TlsError("illegal_parameter", "the server changed its mind after a retry");
  } else host.sendChangeCipherSpec();
  checkSession(serverHello, hello);
  transcript.add(message.raw);
  return yield* handshake13(
    { options, host, transcript, clientRandom: hello.random, serverHello, suite },
    used,
  );
}

function preferredGroup({ groups: [group] }: HandshakeOptions): Group {
  if (group === undefined) throw new TlsError("internal_error", "no group to offer");
  return group;
}

function isRetry({ random }: ServerHello): boolean {
  return equalBytes(random, retryRandom);
}

function chosenVersion(server: ServerHello, hello: ClientHello): Version {
  if (server.legacyVersion !== 0x0303)
    throw new TlsError("protocol_version", "the server speaks a version that is too old");
  const selected = server.extensions.get(extensionTypes.supportedVersions);
  if (selected === undefined) {
    if (!hello.versions.includes("TLS 1.2"))
      throw new TlsError("protocol_version", "the server does not speak TLS 1.3");
    return "TLS 1.2";
  }
  const reader = new ByteReader(selected, "supported_versions");
  const id = reader.uint(2);
  reader.end();
  // TLS 1.2 is not negotiated in this way.
  if (id !== versionIds["TLS 1.3"] || !hello.versions.includes("TLS 1.3"))
    throw new TlsError("illegal_parameter", "the server chose a version that was not offered");
  return "TLS 1.3";
}

function chosenSuite(server: ServerHello, hello: ClientHello, version: Version): Suite {
  const suite = hello.suites.find(({ id }) => id === server.suiteId);
  if (suite?.version !== version)
    throw new TlsError("illegal_parameter", "the server chose a cipher suite that was not offered");
  return suite;
}

function checkDowngrade({ random }: ServerHello, { versions }: ClientHello): void {
  const end = random.subarray(24);
  if (versions.includes("TLS 1.3") && downgradeMarks.some((mark) => equalBytes(end, mark)))
    throw new TlsError("illegal_parameter", "somebody made the server speak an older version than it could");
}

function checkSession(server: ServerHello, { sessionId }: ClientHello): void {
  if (!equalBytes(server.sessionId, sessionId))
    throw new TlsError("illegal_parameter", "ServerHello does not repeat the session id");
}

const retryExtensions: ReadonlySet<number> = new Set([
  extensionTypes.supportedVersions,
  extensionTypes.keyShare,
  extensionTypes.cookie,
]);

/** What a HelloRetryRequest asks for: another group, or a cookie sent back, or both. */
function retryOf(
  { extensions }: ServerHello,
  hello: ClientHello,
  options: HandshakeOptions,
  used: KeyExchange,
): { retried: ClientHello; group: Group | undefined } {
  for (const type of extensions.keys()) {
    if (!retryExtensions.has(type))
      throw new TlsError("unsupported_extension", `HelloRetryRequest has extension ${type}`);
  }
  const share = extensions.get(extensionTypes.keyShare);
  const cookie = extensions.get(extensionTypes.cookie);
  let group: Group | undefined;
  if (share !== undefined) {
    const reader = new ByteReader(share, "key_share");
    const id = reader.uint(2);
    reader.end();
    group = options.groups.find((one) => one.id === id);
    if (group === undefined || group === used.group)
      throw new TlsError("illegal_parameter", "HelloRetryRequest asks for a group that makes no sense");
  }
  if (cookie === undefined) {
    if (group === undefined) throw new TlsError("illegal_parameter", "HelloRetryRequest changes nothing");
    return { retried: hello, group };
  }
  const reader = new ByteReader(cookie, "cookie");
  const value = reader.vector(2, 1);
  reader.end();
  return { retried: { ...hello, cookie: value }, group };
}

export const defaults = { versions: ["TLS 1.3", "TLS 1.2"], suites, groups } as const;
