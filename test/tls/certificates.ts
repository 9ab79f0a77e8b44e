/** Certificates of every sort, good and bad, for tests of TLS; made in Node and in workerd alike. */
import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import * as der from "../../infra/pki/der.ts";
import { signPss } from "../../wire/tls/rsa-pss.ts";
import { parseServerName } from "../../wire/tls/server-name.ts";

export type KeyKind = "P-256" | "P-384" | "P-521" | "ed25519" | "rsa" | "rsa-1024" | "P-224";

export interface Identity {
  readonly name: string;
  readonly kind: KeyKind;
  readonly raw: Uint8Array;
  readonly pem: string;
  readonly privateKey: KeyObject;
  readonly keyPem: string;
}

export interface CertificateSpec {
  readonly name: string;
  /** Absent: it signs itself. */
  readonly issuer?: Identity;
  readonly kind?: KeyKind;
  /** Another certificate for the same key. */
  readonly keyOf?: Identity;
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** DNS names and IP addresses; absent: no such extension. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Numbers of bits. */
  readonly keyUsage?: readonly number[];
  readonly extendedKeyUsage?: readonly string[];
  readonly permittedDns?: readonly string[];
  /** Whole extensions. */
  readonly more?: readonly Uint8Array[];
  /** Sign with RSA-PSS, not PKCS #1. */
  readonly pss?: boolean;
  /** Without extensions, as version 1. */
  readonly v1?: boolean;
}

const DAY_MS = 86_400_000;
export const serverUsage = "1.3.6.1.5.5.7.3.1";
export const clientUsage = "1.3.6.1.5.5.7.3.2";

const sha256 = der.oid("2.16.840.1.101.3.4.2.1");

function signatureAlgorithm(kind: KeyKind, pss: boolean): Buffer {
  switch (kind) {
    case "ed25519":
      return der.sequence(der.oid("1.3.101.112"));
    case "rsa":
    case "rsa-1024": {
      if (!pss) return der.sequence(der.oid("1.2.840.113549.1.1.11"), Buffer.from([5, 0]));
      const hash = der.sequence(sha256);
      const generator = der.sequence(der.oid("1.2.840.113549.1.1.8"), hash);
      const parameters = der.sequence(
        der.context(0, hash),
        der.context(1, generator),
        der.context(2, der.integer(Buffer.from([32]))),
      );
      return der.sequence(der.oid("1.2.840.113549.1.1.10"), parameters);
    }
    default:
      return der.sequence(
        der.oid(`1.2.840.10045.4.3.${hashOf(kind) === "sha256" ? 2 : hashOf(kind) === "sha384" ? 3 : 4}`),
      );
  }
}

function hashOf(kind: KeyKind): "sha256" | "sha384" | "sha512" {
  return kind === "P-384" ? "sha384" : kind === "P-521" ? "sha512" : "sha256";
}

function signBy(
  { kind, privateKey }: Pick<Identity, "kind" | "privateKey">,
  bytes: Uint8Array,
  pss: boolean,
): Uint8Array {
  if (kind === "ed25519") return sign(null, bytes, privateKey);
  if (pss) return signPss("sha256", { object: privateKey, bits: 2048 }, bytes);
  return sign(hashOf(kind), bytes, privateKey);
}

/** Making RSA keys takes long: one per kind does, unless a test needs two. */
const rsaKeys = new Map<KeyKind, { publicKey: KeyObject; privateKey: KeyObject }>();

export function makeKey(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === "ed25519") return generateKeyPairSync("ed25519");
  if (kind !== "rsa" && kind !== "rsa-1024") return generateKeyPairSync("ec", { namedCurve: kind });
  const made =
    rsaKeys.get(kind) ?? generateKeyPairSync("rsa", { modulusLength: kind === "rsa" ? 2048 : 1024 });
  rsaKeys.set(kind, made);
  return made;
}

const publicKeys = new WeakMap<Identity, KeyObject>();

export function makeCertificate(spec: CertificateSpec): Identity {
  const { name, issuer, kind = spec.keyOf?.kind ?? "P-256", keyOf, pss = false, v1 = false } = spec;
  const known = keyOf === undefined ? undefined : publicKeys.get(keyOf);
  const { publicKey, privateKey } =
    keyOf === undefined || known === undefined
      ? makeKey(kind)
      : { publicKey: known, privateKey: keyOf.privateKey };
  const signer = issuer ?? { name, kind, privateKey };
  const { notBefore = new Date(Date.now() - DAY_MS), notAfter = new Date(Date.now() + DAY_MS) } = spec;
  const algorithm = signatureAlgorithm(signer.kind, pss);
  const body = der.sequence(
    ...(v1 ? [] : [der.context(0, der.integer(Buffer.from([2])))]),
    der.integer(crypto.getRandomValues(new Uint8Array(8)).fill(0x41, 0, 1)),
    algorithm,
    distinguishedName(signer.name),
    der.sequence(der.time(notBefore), der.time(notAfter)),
    distinguishedName(name),
    Buffer.from(publicKey.export({ type: "spki", format: "der" })),
    ...(v1 ? [] : [der.context(3, der.sequence(...extensions(spec)))]),
  );
  const raw = new Uint8Array(der.sequence(body, algorithm, der.bitString(signBy(signer, body, pss))));
  const identity = {
    name,
    kind,
    raw,
    pem: pemOf(raw),
    privateKey,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  publicKeys.set(identity, publicKey);
  return identity;
}

export function pemOf(raw: Uint8Array): string {
  const lines =
    Buffer.from(raw)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(name: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8String(name))));
}

export function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return der.sequence(der.oid(id), ...(critical ? [der.booleanTrue()] : []), der.octetString(value));
}

function extensions(spec: CertificateSpec): Buffer[] {
  const { ca = false, pathLength, names, keyUsage, extendedKeyUsage, permittedDns, more = [] } = spec;
  const list: Buffer[] = more.map((one) => Buffer.from(one));
  if (ca) {
    const length = pathLength === undefined ? [] : [der.integer(Buffer.from([pathLength]))];
    list.push(extension("2.5.29.19", der.sequence(der.booleanTrue(), ...length), true));
  }
  if (names !== undefined) list.push(extension("2.5.29.17", der.sequence(...names.map(generalName))));
  if (keyUsage !== undefined) {
    const top = Math.max(...keyUsage, 0);
    const bits = keyUsage.reduce((value, bit) => value | (0x80 >> bit), 0);
    list.push(extension("2.5.29.15", der.bitString(Uint8Array.of(bits), 7 - top), true));
  }
  if (extendedKeyUsage !== undefined)
    list.push(extension("2.5.29.37", der.sequence(...extendedKeyUsage.map((id) => der.oid(id)))));
  if (permittedDns !== undefined) {
    const subtrees = permittedDns.map((name) => der.sequence(der.contextPrimitive(2, Buffer.from(name))));
    list.push(extension("2.5.29.30", der.sequence(der.context(0, ...subtrees)), true));
  }
  return list;
}

function generalName(name: string): Buffer {
  const parsed = parseServerName(name);
  return parsed?.kind === "ip"
    ? der.contextPrimitive(7, parsed.bytes)
    : der.contextPrimitive(2, Buffer.from(name));
}

/** An authority and a server that it vouches for. */
export function makePair(
  kind: KeyKind = "P-256",
  names: readonly string[] = ["kube.example.com", "10.43.0.1", "127.0.0.1", "::1"],
): { ca: Identity; server: Identity } {
  const ca = makeCertificate({ name: "cluster CA", kind, ca: true, keyUsage: [0, 2, 5] });
  const server = makeCertificate({
    name: "kube-apiserver",
    issuer: ca,
    kind,
    names,
    keyUsage: [0, 2],
    extendedKeyUsage: [serverUsage],
  });
  return { ca, server };
}
