/** Public keys of certificates: what kind, how strong, and as what `node:crypto` takes. */
import { createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { TlsError } from "./alerts.ts";
import { DerReader, bitString, checkInteger, malformed, oidText, tags } from "./der.ts";

export type Curve = "P-256" | "P-384" | "P-521";

export type PublicKey = { readonly spki: Uint8Array; readonly object: () => KeyObject } & (
  | { readonly type: "rsa"; readonly bits: number }
  | { readonly type: "ec"; readonly curve: Curve }
  | { readonly type: "ed25519" }
);

const curves: Readonly<Record<string, Curve>> = {
  "1.2.840.10045.3.1.7": "P-256",
  "1.3.132.0.34": "P-384",
  "1.3.132.0.35": "P-521",
};

/** Below, a key can be factored; above, checking a signature is work that a peer could waste us with. */
const rsaBits = { min: 2048, max: 8192 };

/** A SubjectPublicKeyInfo. */
export function parsePublicKey(spki: Uint8Array): PublicKey {
  const outer = new DerReader(spki).sequence();
  const algorithm = outer.sequence();
  const oid = oidText(algorithm.value(tags.oid).content);
  const parameters = algorithm.done ? undefined : algorithm.any();
  algorithm.end();
  const key = bitString(outer.value(tags.bitString).content);
  outer.end();
  if (key.unused !== 0) throw malformed("a public key");
  const shared = { spki, object: importer(spki) };
  switch (oid) {
    case "1.2.840.113549.1.1.1":
      if (parameters?.tag !== tags.null) throw malformed("parameters of an RSA key");
      return { ...shared, type: "rsa", bits: rsaKeyBits(key.bytes) };
    case "1.2.840.10045.2.1": {
      const curve = parameters?.tag === tags.oid ? curves[oidText(parameters.content)] : undefined;
      if (curve === undefined) throw unsupported("a key on an unknown curve");
      return { ...shared, type: "ec", curve };
    }
    case "1.3.101.112":
      if (parameters !== undefined || key.bytes.length !== 32) throw malformed("an Ed25519 key");
      return { ...shared, type: "ed25519" };
    default:
      throw unsupported(`a key of type ${oid}`);
  }
}

export function unsupported(what: string): TlsError {
  return new TlsError("unsupported_certificate", `a certificate has ${what}, which is not supported`);
}

/** On first use: most certificates of a bundle never check a signature. */
function importer(spki: Uint8Array): () => KeyObject {
  let object: KeyObject | undefined;
  return () => {
    try {
      return (object ??= createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }));
    } catch (error) {
      throw new TlsError("bad_certificate", "a certificate has an invalid public key", { cause: error });
    }
  };
}

function rsaKeyBits(bytes: Uint8Array): number {
  const outer = new DerReader(bytes);
  const key = outer.sequence();
  outer.end();
  const modulus = key.value(tags.integer).content;
  const exponent = key.value(tags.integer).content;
  key.end();
  checkInteger(modulus);
  checkInteger(exponent);
  const magnitude = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  const top = magnitude[0] ?? 0;
  if (magnitude !== modulus ? top < 0x80 : top === 0 || top >= 0x80) throw malformed("an RSA modulus");
  const bits = (magnitude.length - 1) * 8 + (32 - Math.clz32(top));
  if (bits < rsaBits.min || bits > rsaBits.max) throw unsupported(`an RSA key of ${bits} bits`);
  const odd = ((exponent.at(-1) ?? 0) & 1) === 1;
  // Small exponents only: 65537, and 3 of old authorities. A huge one would make each check expensive.
  if (
    !odd ||
    exponent.length > 5 ||
    (exponent[0] ?? 0x80) >= 0x80 ||
    (exponent.length === 1 && exponent[0] === 1)
  )
    throw unsupported("an RSA key with a strange exponent");
  return bits;
}
