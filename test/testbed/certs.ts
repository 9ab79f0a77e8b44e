/** One throw-away CA per test bed and the certificates of its components (P-256, RFC 5280), valid for a year. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { isIPv4 } from "node:net";
import * as der from "../../infra/pki/der.ts";

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));

export interface KeyPair {
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

export interface CertificateAuthority extends KeyPair {
  /** A serving certificate for these host names and IPv4 addresses. */
  readonly server: (commonName: string, names: readonly string[]) => KeyPair;
  /** A client certificate: Kubernetes takes the common name as user and the organization as group. */
  readonly client: (commonName: string, organization?: string) => KeyPair;
}

export function createAuthority(commonName: string): CertificateAuthority {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = distinguishedName(commonName);
  const issue = (subject: Buffer, key: KeyObject, extensions: readonly Buffer[]): KeyPair => ({
    certPem: certificate(issuer, privateKey, subject, key, extensions),
    keyPem: pkcs8(key),
  });
  const leaf = (subject: Buffer, usage: string, names: readonly string[]): KeyPair =>
    issue(subject, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, [
      keyUsage(0x80, 7), // digitalSignature
      extension("2.5.29.37", der.sequence(der.oid(usage))),
      ...(names.length === 0 ? [] : [extension("2.5.29.17", der.sequence(...names.map(alternativeName)))]),
    ]);
  return {
    ...issue(issuer, privateKey, [
      extension("2.5.29.19", der.sequence(der.booleanTrue()), "critical"),
      keyUsage(0x86, 1), // digitalSignature, keyCertSign, cRLSign
    ]),
    server: (name, names) => leaf(distinguishedName(name), "1.3.6.1.5.5.7.3.1", names),
    client: (name, organization) => leaf(distinguishedName(name, organization), "1.3.6.1.5.5.7.3.2", []),
  };
}

/** A key that signs service account tokens; SEC 1, since kube-apiserver finds no public key in PKCS #8. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function certificate(
  issuer: Buffer,
  issuerKey: KeyObject,
  subject: Buffer,
  key: KeyObject,
  extensions: readonly Buffer[],
): string {
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))), // version 3
    der.integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    issuer,
    der.sequence(der.time(new Date(Date.now() - DAY_MS)), der.time(new Date(Date.now() + 365 * DAY_MS))),
    subject,
    createPublicKey(key).export({ type: "spki", format: "der" }),
    der.context(3, der.sequence(...extensions)),
  );
  const signed = der.sequence(body, ECDSA_WITH_SHA256, der.bitString(sign("sha256", body, issuerKey)));
  const lines = signed.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string, organization?: string): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    der.set(der.sequence(der.oid(type), der.utf8String(value)));
  return der.sequence(
    ...(organization === undefined ? [] : [attribute("2.5.4.10", organization)]),
    attribute("2.5.4.3", commonName),
  );
}

function extension(id: string, value: Uint8Array, critical?: "critical"): Buffer {
  const flag = critical === undefined ? [] : [der.booleanTrue()];
  return der.sequence(der.oid(id), ...flag, der.octetString(value));
}

function keyUsage(bits: number, unusedBits: number): Buffer {
  return extension("2.5.29.15", der.bitString(Buffer.from([bits]), unusedBits), "critical");
}

function alternativeName(name: string): Buffer {
  return isIPv4(name)
    ? der.contextPrimitive(7, Buffer.from(name.split(".").map(Number)))
    : der.contextPrimitive(2, Buffer.from(name, "ascii"));
}
