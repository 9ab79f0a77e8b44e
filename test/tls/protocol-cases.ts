/** What a server of TLS 1.3 may do wrong, and how the client must take it: `alert: reason`. */
import { concat, uint, vector } from "../../wire/tls/bytes.ts";
import { createKeyExchange, groups } from "../../wire/tls/key-exchange.ts";
import { encodeMessage, extensionTypes, messageTypes } from "../../wire/tls/messages.ts";
import { contentTypes } from "../../wire/tls/protection.ts";
import { makeKey } from "./certificates.ts";
import { makeSignature } from "../../wire/tls/signatures.ts";
import type { HelloParts, Script, ScriptedServer } from "./scripted-server.ts";

const { handshake, applicationData, alert, changeCipherSpec } = contentTypes;
const flip = (bytes: Uint8Array, at = bytes.length - 1): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
const hello = (change: (hello: HelloParts) => void): Script => ({ hello: change });
const withExtension =
  (type: number, value: Uint8Array) =>
  (parts: HelloParts): void => {
    parts.extensions = [...parts.extensions.filter(([known]) => known !== type), [type, value]];
  };
const without =
  (type: number) =>
  (parts: HelloParts): void => {
    parts.extensions = parts.extensions.filter(([known]) => known !== type);
  };
const share = (id: number, key: Uint8Array): Uint8Array => concat(uint(2, id), vector(2, key));
const after = (act: (server: ScriptedServer) => void): Script => ({ afterFinished: act });
const flight = (act: (server: ScriptedServer) => void): Script => ({ flight: act });
const times = (count: number, act: () => void): void => {
  for (let index = 0; index < count; index++) act();
};
const emptyExtensions = encodeMessage(messageTypes.encryptedExtensions, uint(2, 0));
const p256 = groups.find(({ name }) => name === "P-256");

/** A ServerHello of TLS 1.2, from a server that could have spoken 1.3. */
function older(mark: number): (parts: HelloParts) => void {
  return (parts) => {
    parts.extensions = [];
    parts.suiteId = 0xc02b;
    parts.random.set([0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, mark], 24);
  };
}

export const refusedScripts: Readonly<Record<string, readonly [script: Script, error: RegExp]>> = {
  "a wrong Finished": [{ finished: (data) => flip(data) }, /^decrypt_error: the server's Finished is wrong/],
  "a short Finished": [{ finished: (data) => data.subarray(1) }, /^decrypt_error/],
  "a wrong CertificateVerify": [
    { proof: (bytes) => flip(bytes) },
    /^decrypt_error: .* does not hold the key/,
  ],
  "a CertificateVerify of another key": [
    {
      proof: () => {
        const { privateKey } = makeKey("P-256");
        return makeSignature(
          { kind: "ecdsa", hash: "sha256" },
          privateKey,
          { type: "ed25519" } as never,
          uint(2, 1),
        );
      },
    },
    /^decrypt_error/,
  ],
  "an empty signature": [{ proof: () => new Uint8Array(0) }, /^decrypt_error/],
  "a scheme that is not for this key": [
    { schemeId: 0x0804, proof: (bytes) => bytes },
    /^illegal_parameter: .* not with this key/,
  ],
  "a scheme of another curve": [{ schemeId: 0x0503 }, /^illegal_parameter/],
  "a scheme that nobody knows": [{ schemeId: 0x0201 }, /^illegal_parameter/],
  "no certificate": [{ chain: [] }, /^decode_error: the server sent no certificate/],
  "a certificate that is cut short": [
    { certificateMessage: encodeMessage(messageTypes.certificate, Uint8Array.of(0, 0, 0, 9, 0, 0, 5, 1)) },
    /^decode_error/,
  ],
  "a certificate with a context": [
    { certificateMessage: encodeMessage(messageTypes.certificate, vector(1, uint(1, 7)), vector(3)) },
    /^illegal_parameter/,
  ],
  "too many certificates": [
    { chain: Array.from({ length: 17 }, () => uint(3, 1)) },
    /^bad_certificate: .* too many/,
  ],
  "an extension that was not offered": [{ encryptedExtensions: [[5, uint(1, 0)]] }, /^unsupported_extension/],
  "an extension twice": [
    { encryptedExtensions: [1, 2].map(() => [extensionTypes.supportedGroups, uint(2, 0)] as const) },
    /^illegal_parameter/,
  ],
  "a protocol that was not offered": [
    { encryptedExtensions: [[extensionTypes.alpn, vector(2, vector(1, uint(2, 0x6832)))]] },
    /^illegal_parameter: .* protocol that was not offered/,
  ],
  "another session id": [hello((parts) => (parts.sessionId = new Uint8Array(32))), /^illegal_parameter/],
  "a cipher suite that was not offered": [hello((parts) => (parts.suiteId = 0x1305)), /^illegal_parameter/],
  "a cipher suite of the other version": [hello((parts) => (parts.suiteId = 0xc02b)), /^illegal_parameter/],
  compression: [
    hello((parts) => (parts.compression = 1)),
    /^illegal_parameter: the server wants compression/,
  ],
  "TLS 1.1": [hello((parts) => (parts.version = 0x0302)), /^protocol_version/],
  "TLS 1.2, chosen as only later versions are": [
    hello(withExtension(extensionTypes.supportedVersions, uint(2, 0x0303))),
    /^illegal_parameter: .* version that was not offered/,
  ],
  "a downgrade to TLS 1.2": [
    hello(older(1)),
    /^illegal_parameter: somebody made the server speak an older version/,
  ],
  "a downgrade to TLS 1.1": [
    hello(older(0)),
    /^illegal_parameter: somebody made the server speak an older version/,
  ],
  "no key share": [hello(without(extensionTypes.keyShare)), /^missing_extension/],
  "a key share of another group": [
    hello(
      withExtension(
        extensionTypes.keyShare,
        share(0x17, p256 === undefined ? uint(1, 0) : createKeyExchange(p256).publicKey),
      ),
    ),
    /^illegal_parameter: .* of another group/,
  ],
  "a key share that gives away the secret": [
    hello(withExtension(extensionTypes.keyShare, share(0x1d, new Uint8Array(32)))),
    /^illegal_parameter: the server's key share is invalid/,
  ],
  "a key share of a wrong length": [
    hello(withExtension(extensionTypes.keyShare, share(0x1d, new Uint8Array(31).fill(9)))),
    /^illegal_parameter/,
  ],
  "an extension in ServerHello that belongs elsewhere": [
    hello(withExtension(extensionTypes.alpn, vector(2, vector(1, uint(1, 65))))),
    /^unsupported_extension/,
  ],
  "a retry that changes nothing": [
    { retry: () => undefined },
    /^illegal_parameter: HelloRetryRequest changes nothing/,
  ],
  "a retry with the group that was sent": [
    { retry: withExtension(extensionTypes.keyShare, uint(2, 0x1d)) },
    /^illegal_parameter: .* makes no sense/,
  ],
  "a retry with a group that was not offered": [
    { retry: withExtension(extensionTypes.keyShare, uint(2, 0x1e)) },
    /^illegal_parameter: .* makes no sense/,
  ],
  "a second retry": [
    {
      retry: withExtension(extensionTypes.cookie, vector(2, uint(1, 7))),
      hello: (parts) => {
        parts.random = Buffer.from("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", "hex");
      },
    },
    /^unexpected_message: the server wants to retry twice/,
  ],
  "another cipher suite after a retry": [
    {
      retry: withExtension(extensionTypes.cookie, vector(2, uint(1, 7))),
      hello: (parts) => (parts.suiteId = 0x1302),
    },
    /^illegal_parameter: the server changed its mind/,
  ],
  "Finished before the certificate": [
    flight((server) => {
      server.send(emptyExtensions);
      server.send(encodeMessage(messageTypes.finished, new Uint8Array(32)));
    }),
    /^unexpected_message: .* in place of Certificate/,
  ],
  "no EncryptedExtensions": [
    flight((server) => server.send(encodeMessage(messageTypes.finished, new Uint8Array(32)))),
    /^unexpected_message/,
  ],
  "a record in the clear among encrypted ones": [
    flight((server) => server.raw(Uint8Array.of(handshake, 3, 3, 0, 6, ...emptyExtensions))),
    /^unexpected_message: a record that should be encrypted is not/,
  ],
  "data before the handshake is over": [
    flight((server) => server.record(applicationData, uint(1, 65))),
    /^unexpected_message: data in the middle of a handshake/,
  ],
  "an empty handshake record": [
    flight((server) => server.record(handshake, new Uint8Array(0))),
    /^unexpected_message/,
  ],
  "a record of padding": [
    flight((server) => server.record(0, new Uint8Array(9))),
    /^unexpected_message: a record without a type/,
  ],
  "a record of an unknown type": [flight((server) => server.record(24, uint(1, 1))), /^unexpected_message/],
  "a message that is too large": [
    flight((server) => server.record(handshake, Uint8Array.of(8, 0x7f, 0xff, 0xff))),
    /^illegal_parameter: a handshake message is too large/,
  ],
  "a message in countless pieces": [
    flight((server) => {
      server.record(handshake, Uint8Array.of(8, 0, 0x40, 0));
      times(100, () => server.record(handshake, uint(1, 8)));
    }),
    /^unexpected_message: too many records/,
  ],
  "a message that goes on under other keys": [
    flight((server) => {
      server.sendFlight();
      server.send(concat(encodeMessage(messageTypes.finished, new Uint8Array(32)), uint(1, 4)));
    }),
    /^decrypt_error/,
  ],
  "an alert during the handshake": [
    flight((server) => server.record(alert, Uint8Array.of(2, 40))),
    /^-: the server refused the connection: handshake_failure/,
  ],
  "an end during the handshake": [
    flight((server) => server.record(alert, Uint8Array.of(1, 0))),
    /^-: the server closed the connection during the TLS handshake/,
  ],
  "an alert of a wrong length": [flight((server) => server.record(alert, uint(3, 0))), /^decode_error/],
  "a record that is too large": [
    after((server) => server.raw(Uint8Array.of(applicationData, 3, 3, 0x41, 0x01))),
    /^record_overflow/,
  ],
  "a record with too much in it": [
    after((server) => server.data(new Uint8Array(16_385))),
    /^record_overflow/,
  ],
  "a record that was changed": [
    after((server) => server.raw(Uint8Array.of(applicationData, 3, 3, 0, 20, ...new Uint8Array(20)))),
    /^bad_record_mac/,
  ],
  "a record that is too short": [
    after((server) => server.raw(Uint8Array.of(applicationData, 3, 3, 0, 16, ...new Uint8Array(16)))),
    /^bad_record_mac/,
  ],
  "something else than TLS": [
    after((server) => server.raw(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n"))),
    /^unexpected_message: the server does not speak TLS/,
  ],
  "a ChangeCipherSpec after the handshake": [
    after((server) => server.raw(Uint8Array.of(changeCipherSpec, 3, 3, 0, 1, 1))),
    /^unexpected_message: a ChangeCipherSpec out of place/,
  ],
  "a ChangeCipherSpec that is none": [
    flight((server) => server.raw(Uint8Array.of(changeCipherSpec, 3, 3, 0, 1, 2))),
    /^unexpected_message: a ChangeCipherSpec out of place/,
  ],
  "another handshake": [
    after((server) =>
      server.record(handshake, encodeMessage(messageTypes.certificateRequest, uint(1, 0), uint(2, 0))),
    ),
    /^unexpected_message: message 13 after the handshake/,
  ],
  "a KeyUpdate that asks for something unknown": [
    after((server) => server.record(handshake, encodeMessage(messageTypes.keyUpdate, uint(1, 2)))),
    /^illegal_parameter/,
  ],
  "a KeyUpdate with more behind it": [
    after((server) =>
      server.record(handshake, concat(encodeMessage(messageTypes.keyUpdate, uint(1, 0)), uint(1, 4))),
    ),
    /^unexpected_message: .* change of keys/,
  ],
  "new keys without end": [
    after((server) => times(100, () => server.updateKeys(1))),
    /^unexpected_message: too many records/,
  ],
  "tickets without end": [
    after((server) =>
      times(100, () => server.record(handshake, encodeMessage(messageTypes.newSessionTicket))),
    ),
    /^unexpected_message: too many records/,
  ],
  "empty records without end": [
    after((server) => times(100, () => server.data(new Uint8Array(0)))),
    /^unexpected_message: too many records/,
  ],
};
