/** Chains that must be refused, each with the reason that a user is told; and those that must not. */
import { clientUsage, extension, makeCertificate, pemOf, serverUsage } from "./certificates.ts";
import type { CertificateSpec, Identity } from "./certificates.ts";

export interface ChainCase {
  readonly server: Identity;
  /** PEM. */
  readonly ca: string;
  /** Beside the server's own. */
  readonly above?: readonly Identity[];
  readonly raw?: Uint8Array;
  readonly host?: string;
}

const DAY_MS = 86_400_000;
const ago = (days: number): Date => new Date(Date.now() - days * DAY_MS);
const name = "kube.example.com";

const authority = (spec: Partial<CertificateSpec> = {}): Identity =>
  makeCertificate({ name: "cluster CA", ca: true, keyUsage: [5], ...spec });

/** A server below an authority. */
function below(issuer: Identity, spec: Partial<CertificateSpec> = {}): Identity {
  return makeCertificate({ name: "server", issuer, names: [name], ...spec });
}

function single(spec: Partial<CertificateSpec>, ca: Partial<CertificateSpec> = {}): ChainCase {
  const issuer = authority(ca);
  return { server: below(issuer, spec), ca: issuer.pem };
}

function tampered(): ChainCase {
  const issuer = authority();
  const server = below(issuer);
  const raw = server.raw.slice();
  // A byte of the server's name in the middle of what is signed.
  const at = Buffer.from(raw).indexOf(name);
  raw[at] = "x".charCodeAt(0);
  return { server, ca: issuer.pem, raw, host: `x${name.slice(1)}` };
}

function through(
  spec: Partial<CertificateSpec>,
  root: Partial<CertificateSpec> = {},
  leaf: Partial<CertificateSpec> = {},
): ChainCase {
  const top = authority(root);
  const between = makeCertificate({ name: "intermediate", issuer: top, ca: true, keyUsage: [5], ...spec });
  return { server: below(between, leaf), above: [between], ca: top.pem };
}

export const refusedChains: Readonly<Record<string, readonly [make: () => ChainCase, reason: RegExp]>> = {
  "an unknown authority": [
    () => ({ ...single({}), ca: authority({ name: "another CA" }).pem }),
    /^unknown_ca: .* signed by an unknown authority/,
  ],
  "another authority of the same name": [
    () => ({ ...single({}), ca: authority().pem }),
    /^unknown_ca: .* signed by an unknown authority/,
  ],
  "a certificate that an ordinary server's certificate has signed": [
    () => {
      const ca = authority();
      const honest = below(ca, { names: ["other.example.com"] });
      return { server: below(honest), above: [honest], ca: ca.pem };
    },
    /^unknown_ca: .* signed by one that is no authority/,
  ],
  "one signed by a certificate whose key usage forbids it": [
    () => through({ keyUsage: [0] }),
    /^unknown_ca: .* signed by one that is no authority/,
  ],
  "an authority of version 1": [() => single({}, { v1: true }), /no authority/],
  "an expired certificate": [
    () => single({ notBefore: ago(30), notAfter: ago(1) }),
    /^certificate_expired: the server's certificate expired at \d{4}-/,
  ],
  "a certificate that is not valid yet": [
    () => single({ notBefore: ago(-1), notAfter: ago(-30) }),
    /^certificate_expired: the server's certificate is not valid before/,
  ],
  "an expired authority": [
    () => single({}, { notBefore: ago(30), notAfter: ago(1) }),
    /^certificate_expired: an authority's certificate expired/,
  ],
  "another name": [
    () => single({ names: ["other.example.com"] }),
    /^bad_certificate: .* not valid for kube\.example\.com: it names other\.example\.com/,
  ],
  "another address": [
    () => ({ ...single({ names: ["10.43.0.2", "::1"] }), host: "10.43.0.1" }),
    /not valid for 10\.43\.0\.1: it names 10\.43\.0\.2, ::1/,
  ],
  "an address among the DNS names": [
    () => {
      const ca = authority();
      const names = extension("2.5.29.17", Buffer.from("300b820931302e34332e302e31", "hex"));
      return { server: makeCertificate({ name, issuer: ca, more: [names] }), ca: ca.pem, host: "10.43.0.1" };
    },
    /not valid for 10\.43\.0\.1/,
  ],
  "a common name alone": [
    () => {
      const ca = authority();
      return { server: makeCertificate({ name, issuer: ca }), ca: ca.pem };
    },
    /it names no DNS name and no IP address/,
  ],
  "a wildcard over two labels": [
    () => ({ ...single({ names: ["*.example.com"] }), host: "a.b.example.com" }),
    /not valid for a\.b\.example\.com/,
  ],
  "a wildcard over a part of a label": [() => single({ names: ["k*.example.com"] }), /not valid for/],
  "a certificate for clients": [
    () => single({ extendedKeyUsage: [clientUsage] }),
    /^unsupported_certificate: .* not for servers/,
  ],
  "an authority for clients": [() => through({ extendedKeyUsage: [clientUsage] }), /not for servers/],
  "a key that may not sign": [() => single({ keyUsage: [2] }), /may not sign/],
  "an unknown critical extension": [
    () => single({ more: [extension("1.2.3.4", Buffer.from([5, 0]), true)] }),
    /^unsupported_certificate: .* unknown critical extension, 1\.2\.3\.4/,
  ],
  "an unknown critical extension of an authority": [
    () => single({}, { more: [extension("1.2.3.4", Buffer.from([5, 0]), true)] }),
    /an authority's certificate has an unknown critical extension/,
  ],
  "the same extension twice": [
    () => single({ more: [1, 2].map(() => extension("1.2.3.4", Buffer.from([5, 0]))) }),
    /^bad_certificate: .* twice/,
  ],
  "a chain longer than its root allows": [
    () => through({}, { pathLength: 0 }),
    /the chain is longer than an authority of it allows/,
  ],
  "a name that its authority may not vouch for": [
    () => through({ permittedDns: ["example.org"] }),
    /may not vouch for kube\.example\.com/,
  ],
  "a missing intermediate": [() => ({ ...through({}), above: [] }), /unknown authority/],
  "a short RSA key": [
    () => single({ kind: "rsa-1024" }),
    /^unsupported_certificate: .* an RSA key of 1024 bits/,
  ],
  "a key on a weak curve": [() => single({ kind: "P-224" }), /unknown curve/],
  "a certificate that was changed": [tampered, /unknown authority/],
  "no certificate": [() => ({ ...single({}), raw: new Uint8Array(0) }), /^decode_error/],
  "bytes that are no certificate": [
    () => ({ ...single({}), raw: Uint8Array.of(0x30, 0x03, 2, 1, 0) }),
    /^bad_certificate/,
  ],
};

export const acceptedChains: Readonly<Record<string, () => ChainCase>> = {
  "an address": () => ({ ...single({ names: ["10.43.0.1"] }), host: "10.43.0.1" }),
  "an IPv6 address, however it is written": () => ({
    ...single({ names: ["fd00::1"] }),
    host: "[fd00:0:0::0001]",
  }),
  "a name in other letters, with a dot behind it": () => ({ ...single({}), host: "KUBE.example.com." }),
  "a wildcard for one label": () => single({ names: ["*.example.com"] }),
  "an intermediate": () => through({ pathLength: 0 }, { pathLength: 1 }, { extendedKeyUsage: [serverUsage] }),
  "names that the authority may vouch for": () => through({ permittedDns: ["example.com"] }),
  "the second of two authorities of one name, as after a rotation": () => {
    const chain = single({});
    return { ...chain, ca: authority({ notAfter: ago(0.1) }).pem + authority().pem + chain.ca };
  },
  "a bundle with something else in it": () => {
    const chain = single({});
    return { ...chain, ca: `# the cluster's\n${pemOf(Uint8Array.of(0x30, 0x00))}\n${chain.ca}` };
  },
  "an authority that the server sends along": () => {
    const ca = authority();
    return { server: below(ca), above: [ca], ca: ca.pem };
  },
  "a certificate that is in the bundle itself": () => {
    const server = makeCertificate({ name: "self", names: [name] });
    return { server, ca: server.pem };
  },
  "an RSA chain": () => single({ kind: "rsa" }, { kind: "rsa" }),
  "an RSA-PSS signature on the certificate": () => single({ kind: "rsa", pss: true }, { kind: "rsa" }),
  "an Ed25519 chain": () => single({ kind: "ed25519" }, { kind: "ed25519" }),
  "mixed kinds of keys": () => single({ kind: "P-384" }, { kind: "P-521" }),
};
