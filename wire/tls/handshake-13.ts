/** TLS 1.3 from ServerHello on (RFC 8446, section 4). */
import { TlsError } from "./alerts.ts";
import { ByteReader, ascii, concat, uint, vector } from "./bytes.ts";
import { parseCertificate } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import type { ClientCredential, Handshake, Hellos, HandshakeOptions } from "./handshake-host.ts";
import { expectMessage } from "./handshake-host.ts";
import type { KeyExchange } from "./key-exchange.ts";
import { KeySchedule, finishedData } from "./key-schedule.ts";
import {
  chosenProtocol,
  decodeCertificates,
  decodeIds,
  decodeSignature,
  encodeCertificates,
  encodeMessage,
  extensionTypes,
  messageTypes,
  readExtensions,
} from "./messages.ts";
import type { ExtensionMap } from "./messages.ts";
import { Protection13 } from "./protection.ts";
import { sameSecret } from "./same-secret.ts";
import { makeSignature, schemes, suits, verifySignature } from "./signatures.ts";
import type { Transcript } from "./transcript.ts";
import { verifyServer } from "./trust.ts";

const version = "TLS 1.3";
const helloExtensions: ReadonlySet<number> = new Set([
  extensionTypes.supportedVersions,
  extensionTypes.keyShare,
]);

export function* handshake13(hellos: Hellos, exchange: KeyExchange): Handshake {
  const { options, host, transcript, suite, serverHello } = hellos;
  const { hash } = suite;
  const schedule = new KeySchedule(hash);
  schedule.advance(exchange.derive(serverShare(serverHello.extensions, exchange)));
  const afterHello = transcript.digest();
  const serverHandshake = schedule.traffic("s hs traffic", afterHello);
  const clientHandshake = schedule.traffic("c hs traffic", afterHello);
  host.setReading(new Protection13(suite, serverHandshake));
  host.setWriting(new Protection13(suite, clientHandshake));

  const encrypted = expectMessage(yield, messageTypes.encryptedExtensions, "EncryptedExtensions");
  transcript.add(encrypted.raw);
  const protocol = readEncryptedExtensions(encrypted.body, options);

  let incoming = yield;
  let request: CertificateRequest | undefined;
  if (incoming !== "change" && incoming.type === messageTypes.certificateRequest) {
    request = readRequest(incoming.body);
    transcript.add(incoming.raw);
    incoming = yield;
  }
  const chain = expectMessage(incoming, messageTypes.certificate, "Certificate");
  transcript.add(chain.raw);
  const raws = decodeCertificates(chain.body, version);
  const certificate = verifyServer(raws, options.anchors, options.server, options.now());

  const proof = expectMessage(yield, messageTypes.certificateVerify, "CertificateVerify");
  checkProof(proof.body, certificate, transcript);
  transcript.add(proof.raw);

  const finished = expectMessage(yield, messageTypes.finished, "Finished");
  if (!sameSecret(finished.body, finishedData(hash, serverHandshake, transcript.digest())))
    throw new TlsError("decrypt_error", "the server's Finished is wrong: somebody changed the handshake");
  transcript.add(finished.raw);
  const afterFinished = transcript.digest();

  if (request !== undefined) {
    for (const message of clientAuthentication(options.credential, request, transcript)) host.send(message);
  }
  host.send(encodeMessage(messageTypes.finished, finishedData(hash, clientHandshake, transcript.digest())));
  schedule.advance();
  const reading = schedule.traffic("s ap traffic", afterFinished);
  const writing = schedule.traffic("c ap traffic", afterFinished);
  host.setReading(new Protection13(suite, reading));
  host.setWriting(new Protection13(suite, writing));
  return { version, suite, group: exchange.group, protocol, certificate, secrets: { reading, writing } };
}

function serverShare(extensions: ExtensionMap, { group }: KeyExchange): Uint8Array {
  for (const type of extensions.keys()) {
    if (!helloExtensions.has(type))
      throw new TlsError(
        "unsupported_extension",
        `ServerHello has extension ${type}, which does not belong there`,
      );
  }
  const share = extensions.get(extensionTypes.keyShare);
  if (share === undefined) throw new TlsError("missing_extension", "the server sent no key share");
  const reader = new ByteReader(share, "key_share");
  const id = reader.uint(2);
  const publicKey = reader.vector(2, 1);
  reader.end();
  if (id !== group.id) throw new TlsError("illegal_parameter", "the server's key share is of another group");
  return publicKey;
}

const answered: ReadonlySet<number> = new Set([
  extensionTypes.serverName,
  extensionTypes.supportedGroups,
  extensionTypes.alpn,
]);

function readEncryptedExtensions(body: Uint8Array, { alpn }: HandshakeOptions): string | undefined {
  const reader = new ByteReader(body, "EncryptedExtensions");
  const extensions = readExtensions(reader, "EncryptedExtensions", answered);
  reader.end();
  if ((extensions.get(extensionTypes.serverName)?.length ?? 0) > 0)
    throw new TlsError("decode_error", "EncryptedExtensions has a server name that is not empty");
  return chosenProtocol(extensions.get(extensionTypes.alpn), alpn);
}

/** What the server's signature is over. Exported for tests, which sign as a server. */
export function proofContent(role: "server" | "client", transcript: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(64).fill(0x20);
  return concat(prefix, ascii(`TLS 1.3, ${role} CertificateVerify`), Uint8Array.of(0), transcript);
}

function checkProof(body: Uint8Array, { key }: Certificate, transcript: Transcript): void {
  const { schemeId, signature } = decodeSignature(new ByteReader(body, "CertificateVerify"));
  const scheme = schemes.find(({ id }) => id === schemeId);
  if (scheme === undefined || !suits(scheme, key, version))
    throw new TlsError(
      "illegal_parameter",
      "the server signed in a way that was not offered, or not with this key",
    );
  if (!verifySignature(scheme.algorithm, key, proofContent("server", transcript.digest()), signature))
    throw new TlsError("decrypt_error", "the server does not hold the key of its certificate");
}

interface CertificateRequest {
  readonly context: Uint8Array;
  readonly schemeIds: readonly number[];
}

function readRequest(body: Uint8Array): CertificateRequest {
  const reader = new ByteReader(body, "CertificateRequest");
  const context = reader.vector(1);
  const extensions = readExtensions(reader, "CertificateRequest", "any");
  reader.end();
  const algorithms = extensions.get(extensionTypes.signatureAlgorithms);
  if (context.length > 0) throw new TlsError("illegal_parameter", "CertificateRequest has a context");
  if (algorithms === undefined)
    throw new TlsError("missing_extension", "CertificateRequest names no signature algorithms");
  return { context, schemeIds: decodeIds(algorithms, "signature_algorithms") };
}

/** Without a certificate that fits the client says that it has none, and the server decides. */
function* clientAuthentication(
  credential: ClientCredential | undefined,
  { context, schemeIds }: CertificateRequest,
  transcript: Transcript,
): Generator<Uint8Array> {
  const [own] = credential?.chain ?? [];
  const key = own === undefined ? undefined : parseCertificate(own).key;
  const scheme =
    key === undefined
      ? undefined
      : schemes.find((one) => schemeIds.includes(one.id) && suits(one, key, version));
  const usable = scheme !== undefined && key !== undefined && credential !== undefined;
  const message = encodeCertificates(usable ? credential.chain : [], version, context);
  transcript.add(message);
  yield message;
  if (!usable) return;
  const content = proofContent("client", transcript.digest());
  const signature = makeSignature(scheme.algorithm, credential.privateKey, key, content);
  const proof = encodeMessage(messageTypes.certificateVerify, uint(2, scheme.id), vector(2, signature));
  transcript.add(proof);
  yield proof;
}
