/**
 * Issues X.509 v3 certificates on P-256 with ECDSA-SHA256 (RFC 5280), strict enough for `openssl verify -x509_strict`,
 * Go and rustls. Written by hand because Node can read certificates but not make them, and an openssl binary is not
 * everywhere.
 */
import type { KeyObject } from "node:crypto";
import { createHash, createPublicKey, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import * as der from "./der.ts";

/** Who a certificate names, and whose key signs it. */
export interface Issuer {
  readonly commonName: string;
  readonly privateKey: KeyObject;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly issuer: Issuer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** A CA that may sign leaves only, or a TLS server for these host names and IP addresses. */
  readonly use: { readonly kind: "ca" } | { readonly kind: "server"; readonly names: readonly string[] };
}

const ECDSA_WITH_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"));

/** PEM of a new certificate with a random 127-bit serial number. */
export function issueCertificate(request: CertificateRequest): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ECDSA_WITH_SHA256,
    distinguishedName(request.issuer.commonName),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    distinguishedName(request.commonName),
    request.publicKey.export({ type: "spki", format: "der" }),
    der.context(3, der.sequence(...extensions(request))),
  );
  const signature = sign("sha256", body, request.issuer.privateKey);
  const certificate = der.sequence(body, ECDSA_WITH_SHA256, der.bitString(signature));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string): Buffer {
  const attribute = (type: string, value: string) =>
    der.set(der.sequence(der.oid(type), der.utf8String(value)));
  return der.sequence(attribute("2.5.4.10", "Drover"), attribute("2.5.4.3", commonName));
}

function extensions(request: CertificateRequest): Buffer[] {
  const subjectKey = extension("2.5.29.14", der.octetString(keyIdentifier(request.publicKey)));
  if (request.use.kind === "ca") {
    const pathLength = der.integer(Buffer.from([0]));
    return [
      extension("2.5.29.19", der.sequence(der.booleanTrue(), pathLength), "critical"),
      // keyCertSign and cRLSign
      extension("2.5.29.15", der.bitString(Buffer.from([0x06]), 1), "critical"),
      subjectKey,
    ];
  }
  const issuerKey = keyIdentifier(createPublicKey(request.issuer.privateKey));
  return [
    extension("2.5.29.19", der.sequence(), "critical"),
    // digitalSignature
    extension("2.5.29.15", der.bitString(Buffer.from([0x80]), 7), "critical"),
    // serverAuth
    extension("2.5.29.37", der.sequence(der.oid("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", der.sequence(...request.use.names.map(generalName))),
    subjectKey,
    extension("2.5.29.35", der.sequence(der.contextPrimitive(0, issuerKey))),
  ];
}

function extension(id: string, value: Uint8Array, critical?: "critical"): Buffer {
  const flag = critical === undefined ? [] : [der.booleanTrue()];
  return der.sequence(der.oid(id), ...flag, der.octetString(value));
}

/** SHA-256 cut to 160 bits over the subject public key (RFC 7093, method 1). */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" });
  // The uncompressed P-256 point is the last 65 bytes of its SubjectPublicKeyInfo.
  return createHash("sha256").update(spki.subarray(-65)).digest().subarray(0, 20);
}

function generalName(name: string): Buffer {
  const family = isIP(name);
  return family === 0
    ? der.contextPrimitive(2, Buffer.from(name, "ascii"))
    : der.contextPrimitive(7, family === 4 ? Buffer.from(name.split(".").map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes an embedded IPv4 tail as two groups, which leaves one form to expand.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const groups = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(":"));
  const before = groups(head);
  const after = groups(tail);
  const middle = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...middle, ...after].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}
