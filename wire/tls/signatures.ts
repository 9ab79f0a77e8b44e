/** Signatures of servers, of certificates, and of the client's own key (RFC 8446, section 4.2.3). No SHA-1 anywhere. */
import { sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { DerReader, contextTag, oidText, smallInteger, tags } from "./der.ts";
import { unsupported } from "./public-key.ts";
import type { Curve, PublicKey } from "./public-key.ts";
import { signPss, verifyPss } from "./rsa-pss.ts";
import type { HashName } from "./rsa-pss.ts";

export type SignatureAlgorithm =
  | { readonly kind: "ecdsa"; readonly hash: HashName }
  | { readonly kind: "rsa-pss"; readonly hash: HashName }
  | { readonly kind: "rsa-pkcs1"; readonly hash: HashName }
  | { readonly kind: "ed25519" };

export interface SignatureScheme {
  readonly id: number;
  readonly algorithm: SignatureAlgorithm;
  /** TLS 1.3 ties an ECDSA scheme to one curve; 1.2 does not. */
  readonly curve?: Curve;
}

/** In the order of our preference. */
export const schemes: readonly SignatureScheme[] = [
  { id: 0x0403, algorithm: { kind: "ecdsa", hash: "sha256" }, curve: "P-256" },
  { id: 0x0807, algorithm: { kind: "ed25519" } },
  { id: 0x0503, algorithm: { kind: "ecdsa", hash: "sha384" }, curve: "P-384" },
  { id: 0x0603, algorithm: { kind: "ecdsa", hash: "sha512" }, curve: "P-521" },
  { id: 0x0804, algorithm: { kind: "rsa-pss", hash: "sha256" } },
  { id: 0x0805, algorithm: { kind: "rsa-pss", hash: "sha384" } },
  { id: 0x0806, algorithm: { kind: "rsa-pss", hash: "sha512" } },
  // For certificates, and for servers that speak TLS 1.2.
  { id: 0x0401, algorithm: { kind: "rsa-pkcs1", hash: "sha256" } },
  { id: 0x0501, algorithm: { kind: "rsa-pkcs1", hash: "sha384" } },
  { id: 0x0601, algorithm: { kind: "rsa-pkcs1", hash: "sha512" } },
];

/** False also for a key of another kind than the algorithm's. */
export function verifySignature(
  algorithm: SignatureAlgorithm,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    switch (algorithm.kind) {
      case "ecdsa":
        return key.type === "ec" && verify(algorithm.hash, message, key.object(), signature);
      case "ed25519":
        return key.type === "ed25519" && verify(null, message, key.object(), signature);
      case "rsa-pkcs1":
        return key.type === "rsa" && verify(algorithm.hash, message, key.object(), signature);
      case "rsa-pss":
        return (
          key.type === "rsa" &&
          verifyPss(algorithm.hash, { object: key.object(), bits: key.bits }, message, signature)
        );
      default:
        return algorithm satisfies never;
    }
  } catch {
    return false;
  }
}

/** With the client's private key, whose public half is `key`. */
export function makeSignature(
  algorithm: SignatureAlgorithm,
  privateKey: KeyObject,
  key: PublicKey,
  message: Uint8Array,
): Uint8Array {
  if (algorithm.kind === "rsa-pss" && key.type === "rsa")
    return signPss(algorithm.hash, { object: privateKey, bits: key.bits }, message);
  return sign(algorithm.kind === "ed25519" ? null : algorithm.hash, message, privateKey);
}

/** Whether a scheme can be used by a key in this version of the protocol. */
export function suits(scheme: SignatureScheme, key: PublicKey, version: "TLS 1.2" | "TLS 1.3"): boolean {
  const { algorithm, curve } = scheme;
  switch (key.type) {
    case "ec":
      return algorithm.kind === "ecdsa" && (version === "TLS 1.2" || curve === key.curve);
    case "ed25519":
      return algorithm.kind === "ed25519";
    case "rsa":
      return algorithm.kind === "rsa-pss" || (algorithm.kind === "rsa-pkcs1" && version === "TLS 1.2");
    default:
      return key satisfies never;
  }
}

const byOid: Readonly<Record<string, SignatureAlgorithm>> = {
  "1.2.840.10045.4.3.2": { kind: "ecdsa", hash: "sha256" },
  "1.2.840.10045.4.3.3": { kind: "ecdsa", hash: "sha384" },
  "1.2.840.10045.4.3.4": { kind: "ecdsa", hash: "sha512" },
  "1.2.840.113549.1.1.11": { kind: "rsa-pkcs1", hash: "sha256" },
  "1.2.840.113549.1.1.12": { kind: "rsa-pkcs1", hash: "sha384" },
  "1.2.840.113549.1.1.13": { kind: "rsa-pkcs1", hash: "sha512" },
  "1.3.101.112": { kind: "ed25519" },
};

const hashOids: Readonly<Record<string, HashName>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** What an AlgorithmIdentifier of a certificate says. Throws TlsError for one that we do not take. */
export function certificateAlgorithm(identifier: Uint8Array): SignatureAlgorithm {
  const outer = new DerReader(identifier).sequence();
  const oid = oidText(outer.value(tags.oid).content);
  const parameters = outer.done ? undefined : outer.any();
  outer.end();
  if (oid === "1.2.840.113549.1.1.10" && parameters?.tag === tags.sequence)
    return { kind: "rsa-pss", hash: pssHash(new DerReader(parameters.content)) };
  const algorithm = byOid[oid];
  if (algorithm === undefined) throw unsupported(`a signature of type ${oid}`);
  // NULL for RSA, nothing for the others.
  const proper =
    algorithm.kind === "rsa-pkcs1" ? (parameters?.tag ?? tags.null) === tags.null : parameters === undefined;
  if (!proper) throw unsupported("a signature with strange parameters");
  return algorithm;
}

/** Only what TLS knows: MGF1 with the same hash, a salt of its length. */
function pssHash(parameters: DerReader): HashName {
  const hash = hashOf(wrapped(parameters, 0));
  const generator = wrapped(parameters, 1).sequence();
  const isMgf1 = oidText(generator.value(tags.oid).content) === "1.2.840.113549.1.1.8";
  const same = hashOf(generator) === hash;
  const salt = smallInteger(wrapped(parameters, 2).value(tags.integer).content);
  parameters.end();
  if (!isMgf1 || !same || salt !== Number(hash.slice(3)) / 8)
    throw unsupported("a signature with strange parameters");
  return hash;
}

function wrapped(parameters: DerReader, number: number): DerReader {
  const value = parameters.optional(contextTag(number, true));
  if (value === undefined) throw unsupported("a signature with strange parameters");
  return new DerReader(value.content);
}

function hashOf(reader: DerReader): HashName {
  const identifier = reader.sequence();
  const hash = hashOids[oidText(identifier.value(tags.oid).content)];
  identifier.optional(tags.null);
  identifier.end();
  if (hash === undefined) throw unsupported("a signature with strange parameters");
  return hash;
}
