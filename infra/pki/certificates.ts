/**
 * The certificate the front serves: from a local CA made at first start, or given by `--tls-cert`, `--tls-key` and
 * `--tls-ca`. Files of the local CA are in `<data-dir>/tls/`; keys have mode 0600.
 */
import type { KeyObject } from "node:crypto";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { readFileIfExists, writeFileDurably } from "../files.ts";
import { UserError } from "../user-error.ts";
import type { Issuer } from "./x509.ts";
import { issueCertificate } from "./x509.ts";

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** Apple's limit for certificates of user-installed CAs is 825 days. */
const SERVER_DAYS = 820;
const RENEW_BEFORE_DAYS = 30;
/** Tolerates clients whose clock is behind. */
const BACKDATE_MS = 3_600_000;

export interface ServingCertificate {
  /** Certificate chain, leaf first. */
  readonly certPem: string;
  readonly keyPem: string;
  /** PEM of the private CA that clients must trust; empty behind a public one. */
  readonly caPem: string;
  /** File that holds `caPem`, if any. */
  readonly caPath?: string;
}

/** The names under which this machine may be reached, plus those of `extra` (host names or IP addresses). */
export function machineNames(extra: readonly string[]): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // Link-local IPv6 needs a zone, which no certificate can carry.
    .filter((address) => !address.internal && !address.address.startsWith("fe80:"))
    .map((address) => address.address);
  const names = ["localhost", "127.0.0.1", "::1", hostname(), ...addresses, ...extra];
  return [...new Set(names.map((name) => name.toLowerCase()))].filter(isCertifiable);
}

/** Wildcard listening addresses and names that DNS cannot carry have no place in a certificate. */
function isCertifiable(name: string): boolean {
  if (name === "0.0.0.0" || name === "::") return false;
  return (
    isIP(name) !== 0 ||
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/.test(name)
  );
}

/**
 * Makes or reuses the local CA and a serving certificate for exactly `names`; the latter is renewed when the names
 * changed or fewer than 30 days are left. Throws `UserError` when the CA has expired: replacing it silently would cut off
 * every agent that pinned it.
 */
export function ensureLocalCertificate(
  dir: string,
  names: readonly string[],
  now = new Date(),
): ServingCertificate {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const caPath = join(dir, "ca.crt");
  const caKeyPath = join(dir, "ca.key");
  if (!existsSync(caPath)) createCa(caPath, caKeyPath, now);
  const caPem = readFileSync(caPath, "utf8");
  const ca = new X509Certificate(caPem);
  const daysLeft = (new Date(ca.validTo).getTime() - now.getTime()) / DAY_MS;
  if (daysLeft <= RENEW_BEFORE_DAYS) {
    throw new UserError(
      `the local CA ${caPath} ends on ${ca.validTo}; remove ${dir} to make a new one, and import every cluster again`,
    );
  }
  const certPath = join(dir, "server.crt");
  const keyPath = join(dir, "server.key");
  const certPem = readFileIfExists(certPath);
  const keyPem = readFileIfExists(keyPath);
  if (certPem !== undefined && keyPem !== undefined && isCurrent({ certPem, keyPem, ca, names, now })) {
    return { certPem, keyPem, caPem, caPath };
  }
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer: Issuer = {
    commonName: commonName(ca),
    privateKey: createPrivateKey(readFileSync(caKeyPath, "utf8")),
  };
  const fresh = issueCertificate({
    commonName: "drover",
    publicKey,
    issuer,
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + Math.min(SERVER_DAYS, daysLeft) * DAY_MS),
    use: { kind: "server", names },
  });
  const freshKey = pkcs8(privateKey);
  writeFileDurably(keyPath, freshKey);
  writeFileDurably(certPath, fresh, 0o644);
  return { certPem: fresh, keyPem: freshKey, caPem, caPath };
}

function createCa(caPath: string, caKeyPath: string, now: Date): void {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // Each installation's CA has a name of its own: two CAs of one name in a trust store confuse verifiers.
  const name = `Drover local CA ${randomBytes(4).toString("hex")}`;
  const pem = issueCertificate({
    commonName: name,
    publicKey,
    issuer: { commonName: name, privateKey },
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + CA_DAYS * DAY_MS),
    use: { kind: "ca" },
  });
  // The certificate comes last: its presence means that the CA is complete.
  writeFileDurably(caKeyPath, pkcs8(privateKey));
  writeFileDurably(caPath, pem, 0o644);
}

function isCurrent(have: {
  certPem: string;
  keyPem: string;
  ca: X509Certificate;
  names: readonly string[];
  now: Date;
}): boolean {
  const cert = new X509Certificate(have.certPem);
  const covered = (cert.subjectAltName ?? "").split(", ").length;
  return (
    cert.checkIssued(have.ca) &&
    cert.verify(have.ca.publicKey) &&
    cert.checkPrivateKey(createPrivateKey(have.keyPem)) &&
    new Date(cert.validTo).getTime() - have.now.getTime() > RENEW_BEFORE_DAYS * DAY_MS &&
    covered === have.names.length &&
    have.names.every((name) => (isIP(name) === 0 ? cert.checkHost(name) : cert.checkIP(name)) !== undefined)
  );
}

/** Reads and checks `--tls-cert`, `--tls-key` and `--tls-ca`. Throws `UserError` naming the option at fault. */
export function readProvidedCertificate(paths: {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}): ServingCertificate {
  const certPem = readOption("--tls-cert", paths.cert);
  const keyPem = readOption("--tls-key", paths.key);
  const caPem = paths.ca === undefined ? "" : readOption("--tls-ca", paths.ca);
  const cert = parseOption("--tls-cert", paths.cert, () => new X509Certificate(certPem));
  const key = parseOption("--tls-key", paths.key, () => createPrivateKey(keyPem));
  if (paths.ca !== undefined) parseOption("--tls-ca", paths.ca, () => new X509Certificate(caPem));
  if (!createPublicKey(key).equals(cert.publicKey)) {
    throw new UserError(`--tls-key ${paths.key} is not the key of --tls-cert ${paths.cert}`);
  }
  return { certPem, keyPem, caPem, ...(paths.ca === undefined ? {} : { caPath: paths.ca }) };
}

function readOption(option: string, path: string): string {
  return parseOption(option, path, () => readFileSync(path, "utf8"));
}

function parseOption<T>(option: string, path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UserError(`${option} ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "";
}
