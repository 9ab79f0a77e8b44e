/**
 * RSASSA-PSS (RFC 8017, section 8.1) over the bare RSA operation. workerd's `sign` and `verify` of `node:crypto` take a `padding` option
 * and do PKCS #1 v1.5 all the same, which would accept one kind of signature for another.
 */
import { constants, createHash, privateDecrypt, publicEncrypt, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { concat, equalBytes, uint } from "./bytes.ts";

export type HashName = "sha256" | "sha384" | "sha512";

const padding = constants.RSA_NO_PADDING;

/** The salt has the length of the hash, as TLS requires. `bits`: length of the modulus. */
export function verifyPss(
  hash: HashName,
  key: { readonly object: KeyObject; readonly bits: number },
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== Math.ceil(key.bits / 8)) return false;
  let encoded: Uint8Array;
  try {
    encoded = publicEncrypt({ key: key.object, padding }, signature);
  } catch {
    // Not below the modulus.
    return false;
  }
  const { length, unusedBits, skip } = shapeOf(key.bits);
  if (skip === 1 && encoded[0] !== 0) return false;
  encoded = encoded.subarray(skip);
  const digest = createHash(hash).update(message).digest();
  const size = digest.length;
  const split = length - size - 1;
  const padded = split - size - 1;
  if (padded < 0 || encoded[length - 1] !== 0xbc) return false;
  const masked = encoded.subarray(0, split);
  const check = encoded.subarray(split, length - 1);
  if (((masked[0] ?? 0xff) & ~(0xff >> unusedBits)) !== 0) return false;
  const block = xor(masked, mask(hash, check, split));
  block[0] = (block[0] ?? 0) & (0xff >> unusedBits);
  if (block.subarray(0, padded).some((byte) => byte !== 0) || block[padded] !== 1) return false;
  return equalBytes(check, checkOf(hash, digest, block.subarray(padded + 1)));
}

export function signPss(
  hash: HashName,
  key: { readonly object: KeyObject; readonly bits: number },
  message: Uint8Array,
): Uint8Array {
  const { length, unusedBits, skip } = shapeOf(key.bits);
  const digest = createHash(hash).update(message).digest();
  const salt = randomBytes(digest.length);
  const check = checkOf(hash, digest, salt);
  const split = length - digest.length - 1;
  const block = concat(new Uint8Array(split - salt.length - 1), Uint8Array.of(1), salt);
  const masked = xor(block, mask(hash, check, split));
  masked[0] = (masked[0] ?? 0) & (0xff >> unusedBits);
  const encoded = concat(new Uint8Array(skip), masked, check, Uint8Array.of(0xbc));
  return privateDecrypt({ key: key.object, padding }, encoded);
}

/** The encoded message has one bit less than the modulus, and so at times one byte less. */
function shapeOf(bits: number): { length: number; unusedBits: number; skip: number } {
  const length = Math.ceil((bits - 1) / 8);
  return { length, unusedBits: 8 * length - (bits - 1), skip: Math.ceil(bits / 8) - length };
}

function checkOf(hash: HashName, digest: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHash(hash).update(new Uint8Array(8)).update(digest).update(salt).digest();
}

/** MGF1. */
function mask(hash: HashName, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let made = 0, counter = 0; made < length; counter++) {
    const block = createHash(hash).update(seed).update(uint(4, counter)).digest();
    blocks.push(block);
    made += block.length;
  }
  return concat(...blocks).subarray(0, length);
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Uint8Array.from(one, (byte, index) => byte ^ (other[index] ?? 0));
}
