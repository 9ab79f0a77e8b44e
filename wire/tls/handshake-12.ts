/** TLS 1.2 from ServerHello on, with ECDHE and AEAD only (RFC 5246, 8422, 7627). No resumption, no renegotiation. */
import { TlsError } from "./alerts.ts";
import { ByteReader, concat, uint, vector } from "./bytes.ts";
import { parseCertificate } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { expectMessage } from "./handshake-host.ts";
import type { ClientCredential, Handshake, HandshakeHost, Hellos, Incoming } from "./handshake-host.ts";
import { createKeyExchange } from "./key-exchange.ts";
import type { Group } from "./key-exchange.ts";
import { prf12 } from "./key-schedule.ts";
import {
  chosenProtocol,
  decodeCertificates,
  decodeSignature,
  encodeCertificates,
  encodeMessage,
  extensionTypes,
  messageTypes,
} from "./messages.ts";
import type { ExtensionMap } from "./messages.ts";
import { Protection12 } from "./protection.ts";
import { sameSecret } from "./same-secret.ts";
import { makeSignature, schemes, suits, verifySignature } from "./signatures.ts";
import type { Suite } from "./suites.ts";
import type { Transcript } from "./transcript.ts";
import { verifyServer } from "./trust.ts";

const version = "TLS 1.2";
const answered: ReadonlySet<number> = new Set([
  extensionTypes.serverName,
  extensionTypes.ecPointFormats,
  extensionTypes.alpn,
  extensionTypes.extendedMasterSecret,
  extensionTypes.renegotiationInfo,
]);

export function* handshake12(hellos: Hellos): Handshake {
  const { options, host, transcript, suite, serverHello } = hellos;
  const randoms = { client: hellos.clientRandom, server: serverHello.random };
  const { protocol, extendedSecret } = readHelloExtensions(serverHello.extensions, options.alpn);

  const chain = expectMessage(yield, messageTypes.certificate, "Certificate");
  transcript.add(chain.raw);
  const raws = decodeCertificates(chain.body, version);
  const certificate = verifyServer(raws, options.anchors, options.server, options.now());
  if ((certificate.key.type === "rsa") !== (suite.auth === "rsa"))
    throw new TlsError("illegal_parameter", "the server's certificate does not fit the cipher suite");

  const offer = expectMessage(yield, messageTypes.serverKeyExchange, "ServerKeyExchange");
  transcript.add(offer.raw);
  const { group, publicKey } = readKeyExchange(offer.body, certificate, randoms, options.groups);

  let incoming = yield;
  let schemeIds: readonly number[] | undefined;
  if (incoming !== "change" && incoming.type === messageTypes.certificateRequest) {
    schemeIds = readRequest(incoming.body);
    transcript.add(incoming.raw);
    incoming = yield;
  }
  const done = expectMessage(incoming, messageTypes.serverHelloDone, "ServerHelloDone");
  if (done.body.length > 0) throw new TlsError("decode_error", "ServerHelloDone is not empty");
  transcript.add(done.raw);

  const send = (message: Uint8Array): void => {
    transcript.add(message);
    host.send(message);
  };
  const signer = schemeIds === undefined ? undefined : fittingSigner(options.credential, schemeIds);
  if (schemeIds !== undefined)
    send(encodeCertificates(signer?.credential.chain ?? [], version, new Uint8Array(0)));
  const exchange = createKeyExchange(group);
  const shared = exchange.derive(publicKey);
  send(encodeMessage(messageTypes.clientKeyExchange, vector(1, exchange.publicKey)));
  const { hash } = suite;
  const master = extendedSecret
    ? prf12(hash, shared, "extended master secret", transcript.digest(), 48)
    : prf12(hash, shared, "master secret", concat(randoms.client, randoms.server), 48);
  if (signer !== undefined) send(signer.proof(transcript));

  const keys = deriveKeys(suite, master, randoms);
  host.sendChangeCipherSpec();
  host.setWriting(keys.writing);
  send(encodeMessage(messageTypes.finished, prf12(hash, master, "client finished", transcript.digest(), 12)));
  yield* serverFinished(host, keys.reading, prf12(hash, master, "server finished", transcript.digest(), 12));
  return { version, suite, group, protocol, certificate, secrets: undefined };
}

function* serverFinished(
  host: HandshakeHost,
  reading: Protection12,
  expected: Uint8Array,
): Generator<undefined, void, Incoming> {
  const change = yield;
  if (change !== "change")
    throw new TlsError(
      "unexpected_message",
      `the server sent message ${change.type} in place of ChangeCipherSpec`,
    );
  host.setReading(reading);
  const finished = expectMessage(yield, messageTypes.finished, "Finished");
  if (!sameSecret(finished.body, expected))
    throw new TlsError("decrypt_error", "the server's Finished is wrong: somebody changed the handshake");
}

function readHelloExtensions(
  extensions: ExtensionMap,
  alpn: readonly string[],
): { protocol: string | undefined; extendedSecret: boolean } {
  for (const type of extensions.keys()) {
    if (!answered.has(type))
      throw new TlsError(
        "unsupported_extension",
        `ServerHello has extension ${type}, which does not belong there`,
      );
  }
  const renegotiation = extensions.get(extensionTypes.renegotiationInfo);
  if (renegotiation !== undefined && (renegotiation.length !== 1 || renegotiation[0] !== 0))
    throw new TlsError("handshake_failure", "the server renegotiates what never was");
  const formats = extensions.get(extensionTypes.ecPointFormats);
  if (formats !== undefined && !new ByteReader(formats, "ec_point_formats").vector(1, 1).includes(0))
    throw new TlsError("illegal_parameter", "the server does not take uncompressed points");
  const extended = extensions.get(extensionTypes.extendedMasterSecret);
  if (extended !== undefined && extended.length > 0)
    throw new TlsError("decode_error", "extended_master_secret is not empty");
  return {
    protocol: chosenProtocol(extensions.get(extensionTypes.alpn), alpn),
    extendedSecret: extended !== undefined,
  };
}

interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

function readKeyExchange(
  body: Uint8Array,
  { key }: Certificate,
  randoms: Randoms,
  groups: readonly Group[],
): { group: Group; publicKey: Uint8Array } {
  const reader = new ByteReader(body, "ServerKeyExchange");
  const curveType = reader.uint(1);
  const groupId = reader.uint(2);
  const publicKey = reader.vector(1, 1);
  const parameters = body.subarray(0, body.length - reader.remaining);
  const { schemeId, signature } = decodeSignature(reader);
  const group = groups.find(({ id }) => id === groupId);
  if (curveType !== 3 || group === undefined)
    throw new TlsError("illegal_parameter", "the server chose a group that was not offered");
  const scheme = schemes.find(({ id }) => id === schemeId);
  if (scheme === undefined || !suits(scheme, key, version))
    throw new TlsError(
      "illegal_parameter",
      "the server signed in a way that was not offered, or not with this key",
    );
  if (!verifySignature(scheme.algorithm, key, concat(randoms.client, randoms.server, parameters), signature))
    throw new TlsError("decrypt_error", "the server does not hold the key of its certificate");
  return { group, publicKey };
}

/** The signature schemes that a server takes from a client. */
function readRequest(body: Uint8Array): number[] {
  const reader = new ByteReader(body, "CertificateRequest");
  reader.vector(1, 1);
  const list = new ByteReader(reader.vector(2, 2), "CertificateRequest");
  reader.vector(2);
  reader.end();
  const ids: number[] = [];
  while (list.remaining > 0) ids.push(list.uint(2));
  return ids;
}

interface Signer {
  readonly credential: ClientCredential;
  readonly proof: (transcript: Transcript) => Uint8Array;
}

function fittingSigner(
  credential: ClientCredential | undefined,
  schemeIds: readonly number[],
): Signer | undefined {
  const [own] = credential?.chain ?? [];
  if (credential === undefined || own === undefined) return undefined;
  const { key } = parseCertificate(own);
  const scheme = schemes.find((one) => schemeIds.includes(one.id) && suits(one, key, version));
  if (scheme === undefined) return undefined;
  return {
    credential,
    proof: (transcript) => {
      const signature = makeSignature(scheme.algorithm, credential.privateKey, key, transcript.bytes());
      return encodeMessage(messageTypes.certificateVerify, uint(2, scheme.id), vector(2, signature));
    },
  };
}

function deriveKeys(
  suite: Suite,
  master: Uint8Array,
  { client, server }: Randoms,
): { reading: Protection12; writing: Protection12 } {
  const ivLength = suite.cipher === "chacha20-poly1305" ? 12 : 4;
  const { keyLength, hash } = suite;
  const block = prf12(hash, master, "key expansion", concat(server, client), 2 * (keyLength + ivLength));
  const reader = new ByteReader(block, "key block");
  const clientKey = reader.take(keyLength);
  const serverKey = reader.take(keyLength);
  const clientIv = reader.take(ivLength);
  const serverIv = reader.take(ivLength);
  return {
    writing: new Protection12(suite, clientKey, clientIv),
    reading: new Protection12(suite, serverKey, serverIv),
  };
}
