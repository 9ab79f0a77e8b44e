/** One X.509 certificate (RFC 5280, section 4), read strictly. Pure: judges nothing but its form. */
import {
  DerReader,
  bitString,
  checkInteger,
  contextTag,
  malformed,
  oidText,
  smallInteger,
  tags,
  timeOf,
} from "./der.ts";
import { booleanOf } from "./der.ts";
import type { DerValue } from "./der.ts";
import { parseNames, parseNameConstraints } from "./general-names.ts";
import type { GeneralNames, NameConstraints } from "./general-names.ts";
import { equalBytes } from "./bytes.ts";
import { parsePublicKey } from "./public-key.ts";
import type { PublicKey } from "./public-key.ts";

export interface Certificate {
  readonly raw: Uint8Array;
  /** What the signature is over. */
  readonly signedPart: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Epoch milliseconds; both moments belong to the period. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: PublicKey;
  readonly extensions: Extensions;
}

export interface Extensions {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: ReadonlySet<KeyUsage>;
  /** Object identifiers. */
  readonly extendedKeyUsage?: readonly string[];
  readonly names?: GeneralNames;
  readonly nameConstraints?: NameConstraints;
  /** Critical ones that we do not know: such a certificate may not be used. */
  readonly unknownCritical: readonly string[];
}

const keyUsages = {
  digitalSignature: 0,
  keyCertSign: 5,
} as const;
export type KeyUsage = keyof typeof keyUsages;

/** Throws TlsError. */
export function parseCertificate(raw: Uint8Array): Certificate {
  const outer = new DerReader(raw);
  const certificate = outer.sequence();
  outer.end();
  const signedPart = certificate.value(tags.sequence);
  const signatureAlgorithm = certificate.value(tags.sequence).raw;
  const signature = bitString(certificate.value(tags.bitString).content);
  certificate.end();
  if (signature.unused !== 0) throw malformed("a signature");

  const body = new DerReader(signedPart.content);
  const version = versionOf(body.optional(contextTag(0, true)));
  const serial = body.value(tags.integer).content;
  checkInteger(serial);
  if (!equalBytes(body.value(tags.sequence).raw, signatureAlgorithm))
    throw malformed("two signature algorithms");
  const issuer = body.value(tags.sequence).raw;
  const validity = body.sequence();
  const [notBefore, notAfter] = [timeOf(validity.any()), timeOf(validity.any())];
  validity.end();
  const subject = body.value(tags.sequence).raw;
  const key = parsePublicKey(body.value(tags.sequence).raw);
  if (version >= 2) {
    body.optional(contextTag(1, false));
    body.optional(contextTag(2, false));
  }
  const wrapped = version === 3 ? body.optional(contextTag(3, true)) : undefined;
  body.end();
  return {
    raw,
    signedPart: signedPart.raw,
    signatureAlgorithm,
    signature: signature.bytes,
    issuer,
    subject,
    notBefore,
    notAfter,
    key,
    extensions: wrapped === undefined ? { unknownCritical: [] } : parseExtensions(wrapped.content),
  };
}

function versionOf(wrapped: DerValue | undefined): number {
  if (wrapped === undefined) return 1;
  const inner = new DerReader(wrapped.content);
  const version = smallInteger(inner.value(tags.integer).content) + 1;
  inner.end();
  if (version !== 2 && version !== 3) throw malformed("a version");
  return version;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function parseExtensions(bytes: Uint8Array): Extensions {
  const outer = new DerReader(bytes);
  const list = outer.sequence();
  outer.end();
  const unknownCritical: string[] = [];
  const extensions: Mutable<Extensions> = { unknownCritical };
  const seen = new Set<string>();
  while (!list.done) {
    const extension = list.sequence();
    const oid = oidText(extension.value(tags.oid).content);
    const flag = extension.optional(tags.boolean);
    const critical = flag !== undefined && booleanOf(flag.content);
    const value = extension.value(tags.octetString).content;
    extension.end();
    if (seen.has(oid)) throw malformed(`extension ${oid} twice`);
    seen.add(oid);
    switch (oid) {
      case "2.5.29.15":
        extensions.keyUsage = parseKeyUsage(value);
        break;
      case "2.5.29.17":
        extensions.names = parseNames(value);
        break;
      case "2.5.29.19":
        extensions.basicConstraints = parseBasicConstraints(value);
        break;
      case "2.5.29.30":
        extensions.nameConstraints = parseNameConstraints(value);
        break;
      case "2.5.29.32":
        // Policies bind only those who ask for one.
        break;
      case "2.5.29.37":
        extensions.extendedKeyUsage = parseExtendedKeyUsage(value);
        break;
      default:
        if (critical) unknownCritical.push(oid);
    }
  }
  return extensions;
}

function parseKeyUsage(bytes: Uint8Array): ReadonlySet<KeyUsage> {
  const outer = new DerReader(bytes);
  const bits = bitString(outer.value(tags.bitString).content).bytes;
  outer.end();
  const names = Object.keys(keyUsages) as KeyUsage[];
  return new Set(names.filter((name) => (((bits[0] ?? 0) << keyUsages[name]) & 0x80) !== 0));
}

function parseBasicConstraints(bytes: Uint8Array): { ca: boolean; pathLength?: number } {
  const outer = new DerReader(bytes);
  const constraints = outer.sequence();
  outer.end();
  const flag = constraints.optional(tags.boolean);
  const length = constraints.optional(tags.integer);
  constraints.end();
  const ca = flag !== undefined && booleanOf(flag.content);
  return length === undefined ? { ca } : { ca, pathLength: smallInteger(length.content) };
}

function parseExtendedKeyUsage(bytes: Uint8Array): string[] {
  const outer = new DerReader(bytes);
  const list = outer.sequence();
  outer.end();
  const usages: string[] = [];
  while (!list.done) usages.push(oidText(list.value(tags.oid).content));
  return usages;
}
