/**
 * Whether a server's certificates may be believed: a path to one of the cluster's own authorities, and to no other, for exactly the name
 * that was asked (RFC 5280, section 6, without policies and revocation, which Kubernetes does not use).
 */
import { TlsError } from "./alerts.ts";
import type { AlertName } from "./alerts.ts";
import { equalBytes } from "./bytes.ts";
import { parseCertificate } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { violation } from "./general-names.ts";
import { certificatesOfPem } from "./pem.ts";
import { describeNames, isNamed } from "./server-name.ts";
import type { ServerName } from "./server-name.ts";
import { certificateAlgorithm, verifySignature } from "./signatures.ts";

/** The certificates of one bundle. */
export type TrustAnchors = readonly Certificate[];

/** What a chain may cost us: a server chooses what it sends. */
const limits = { certificates: 16, depth: 8, signatures: 40 };
const anyUsage = "2.5.29.37.0";
const serverUsage = "1.3.6.1.5.5.7.3.1";

/**
 * Of a PEM bundle. Throws TlsError when none of it can be read: nothing would be trusted. One that cannot be, among others that can,
 * does not count.
 */
export function parseTrustAnchors(pem: string): TrustAnchors {
  const anchors: Certificate[] = [];
  let problem: unknown;
  try {
    for (const raw of certificatesOfPem(pem)) {
      try {
        anchors.push(parseCertificate(raw));
      } catch (error) {
        problem = error;
      }
    }
  } catch (error) {
    problem = error;
  }
  if (anchors.length > 0) return anchors;
  const why = problem instanceof Error ? `: ${problem.message}` : "";
  throw new TlsError("unknown_ca", `the CA bundle holds no usable certificate${why}`);
}

/** Why one way to an authority cannot be gone. */
class Refusal {
  readonly alert: AlertName;
  readonly reason: string;
  constructor(alert: AlertName, reason: string) {
    this.alert = alert;
    this.reason = reason;
  }
}

/**
 * The server's own certificate, the first of `raws`, once a chain from it to an anchor has been found that is valid at `now` (epoch
 * milliseconds). Throws TlsError with a reason that can be shown to users.
 */
export function verifyServer(
  raws: readonly Uint8Array[],
  anchors: TrustAnchors,
  server: ServerName,
  now: number,
): Certificate {
  if (raws.length > limits.certificates)
    throw new TlsError("bad_certificate", "the server sent too many certificates");
  const [first, ...others] = raws;
  if (first === undefined) throw new TlsError("decode_error", "the server sent no certificate");
  const leaf = parseCertificate(first);
  const intermediates = others.flatMap((raw) => readable(raw));
  const refusal = leafRefusal(leaf, server, now) ?? new Search(leaf, intermediates, anchors, now).refusal();
  if (refusal !== undefined) throw new TlsError(refusal.alert, refusal.reason);
  return leaf;
}

/** A server may send certificates that no path needs, of kinds that we do not know. */
function readable(raw: Uint8Array): Certificate[] {
  try {
    return [parseCertificate(raw)];
  } catch {
    return [];
  }
}

function leafRefusal(leaf: Certificate, server: ServerName, now: number): Refusal | undefined {
  const { extensions } = leaf;
  const general = generalRefusal(leaf, now, "the server's certificate");
  if (general !== undefined) return general;
  if (!isNamed(server, extensions.names)) {
    const wanted = server.kind === "dns" ? server.name : server.text;
    return new Refusal(
      "bad_certificate",
      `the server's certificate is not valid for ${wanted}: it names ${describeNames(extensions.names)}`,
    );
  }
  if (extensions.keyUsage !== undefined && !extensions.keyUsage.has("digitalSignature"))
    return new Refusal("unsupported_certificate", "the server's certificate may not sign (key usage)");
  return undefined;
}

/** What must hold of every certificate of a path. */
function generalRefusal(certificate: Certificate, now: number, what: string): Refusal | undefined {
  const { extensions, notBefore, notAfter } = certificate;
  const [unknown] = extensions.unknownCritical;
  if (unknown !== undefined)
    return new Refusal("unsupported_certificate", `${what} has an unknown critical extension, ${unknown}`);
  if (now < notBefore)
    return new Refusal(
      "certificate_expired",
      `${what} is not valid before ${new Date(notBefore).toISOString()}`,
    );
  if (now > notAfter)
    return new Refusal("certificate_expired", `${what} expired at ${new Date(notAfter).toISOString()}`);
  const usages = extensions.extendedKeyUsage;
  if (usages !== undefined && !usages.includes(serverUsage) && !usages.includes(anyUsage))
    return new Refusal("unsupported_certificate", `${what} is not for servers (extended key usage)`);
  return undefined;
}

/** Tries all ways up from the leaf: after a rotation, two authorities have one name. */
class Search {
  readonly #intermediates: readonly Certificate[];
  readonly #anchors: TrustAnchors;
  readonly #leaf: Certificate;
  readonly #now: number;
  #signatures = 0;
  /** The one to tell of: that of the way that came farthest. */
  #refusal = new Refusal("unknown_ca", "the server's certificate is signed by an unknown authority");

  constructor(leaf: Certificate, intermediates: readonly Certificate[], anchors: TrustAnchors, now: number) {
    this.#leaf = leaf;
    this.#intermediates = intermediates;
    this.#anchors = anchors;
    this.#now = now;
  }

  refusal(): Refusal | undefined {
    // A bundle may name the server's own certificate: nothing is trusted but it.
    const pinned = this.#anchors.some(({ raw }) => equalBytes(raw, this.#leaf.raw));
    return pinned || this.#reaches([this.#leaf]) ? undefined : this.#refusal;
  }

  #reaches(path: readonly Certificate[]): boolean {
    const last = path.at(-1);
    if (last === undefined || path.length > limits.depth) return false;
    const isAbove = (candidate: Certificate): boolean =>
      equalBytes(candidate.subject, last.issuer) &&
      !path.some(({ raw }) => equalBytes(raw, candidate.raw)) &&
      this.#mayIssue(candidate, path);
    if (this.#anchors.some((anchor) => isAbove(anchor))) return true;
    return this.#intermediates.some((candidate) => isAbove(candidate) && this.#reaches([...path, candidate]));
  }

  /** Whether `issuer` may have signed the last of the path, and did. */
  #mayIssue(issuer: Certificate, path: readonly Certificate[]): boolean {
    const child = path.at(-1);
    const refusal =
      generalRefusal(issuer, this.#now, "an authority's certificate") ?? authorityRefusal(issuer, path);
    if (refusal !== undefined) {
      this.#refusal = refusal;
      return false;
    }
    this.#signatures++;
    if (child === undefined || this.#signatures > limits.signatures) return false;
    let signed = false;
    try {
      const algorithm = certificateAlgorithm(child.signatureAlgorithm);
      signed = verifySignature(algorithm, issuer.key, child.signedPart, child.signature);
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      this.#refusal = new Refusal(error.alert ?? "bad_certificate", error.message);
    }
    return signed;
  }
}

/** `path`: from the leaf up to the certificate that `issuer` is to have signed. */
function authorityRefusal({ extensions }: Certificate, path: readonly Certificate[]): Refusal | undefined {
  const { basicConstraints, keyUsage, nameConstraints } = extensions;
  if (basicConstraints?.ca !== true || (keyUsage !== undefined && !keyUsage.has("keyCertSign")))
    return new Refusal("unknown_ca", "a certificate of the chain is signed by one that is no authority");
  // All below it but the leaf.
  if (basicConstraints.pathLength !== undefined && path.length - 1 > basicConstraints.pathLength)
    return new Refusal("unknown_ca", "the chain is longer than an authority of it allows");
  if (nameConstraints === undefined) return undefined;
  for (const { extensions: below } of path) {
    const bad = below.names === undefined ? undefined : violation(below.names, nameConstraints);
    if (bad !== undefined)
      return new Refusal("unknown_ca", `an authority of the chain may not vouch for ${bad}`);
  }
  return undefined;
}
