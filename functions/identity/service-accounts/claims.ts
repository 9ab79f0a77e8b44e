/**
 * What service account tokens say (k8s.io/kubernetes, pkg/serviceaccount): bound ones, which TokenRequest gives and which
 * expire, and those of `service-account-token` Secrets, which end with their Secret. Pure.
 */

/** Who issues the tokens of Secrets, in every Kubernetes. */
export const legacyIssuer = "kubernetes/serviceaccount";

export interface Reference {
  readonly name: string;
  readonly uid: string;
}

/** Names of a ServiceAccount and, if it is bound to one, of its Secret. */
export interface BoundClaims {
  readonly kind: "bound";
  readonly namespace: string;
  readonly account: Reference;
  readonly secret?: Reference;
  /** What the token is bound to that this API has none of: a pod or a node. Such a token is never ours. */
  readonly boundElsewhere: boolean;
  readonly audiences: readonly string[];
  readonly id: string | undefined;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export interface LegacyClaims {
  readonly kind: "legacy";
  readonly namespace: string;
  readonly account: Reference;
  readonly secretName: string;
}

export type Claims = BoundClaims | LegacyClaims;

export function userNameOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Claims of a token that TokenRequest gives. Times are epoch seconds. */
export function boundPayload(given: {
  readonly issuer: string;
  readonly namespace: string;
  readonly account: Reference;
  readonly secret?: Reference | undefined;
  readonly audiences: readonly string[];
  readonly id: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}): Record<string, unknown> {
  const { issuer, namespace, account, secret, audiences, id, issuedAt, expiresAt } = given;
  return {
    aud: audiences,
    exp: expiresAt,
    iat: issuedAt,
    iss: issuer,
    jti: id,
    "kubernetes.io": {
      namespace,
      ...(secret === undefined ? {} : { secret }),
      serviceaccount: account,
    },
    nbf: issuedAt,
    sub: userNameOf(namespace, account.name),
  };
}

const legacyNames = {
  namespace: "kubernetes.io/serviceaccount/namespace",
  secret: "kubernetes.io/serviceaccount/secret.name",
  name: "kubernetes.io/serviceaccount/service-account.name",
  uid: "kubernetes.io/serviceaccount/service-account.uid",
} as const;

/** Claims of the token in a Secret: no times, no audience. */
export function legacyPayload(
  namespace: string,
  secretName: string,
  account: Reference,
): Record<string, unknown> {
  return {
    iss: legacyIssuer,
    [legacyNames.namespace]: namespace,
    [legacyNames.secret]: secretName,
    [legacyNames.name]: account.name,
    [legacyNames.uid]: account.uid,
    sub: userNameOf(namespace, account.name),
  };
}

/** Reads claims whose signature and issuer have been verified. `undefined`: they are not those of a service account. */
export function readClaims(payload: Readonly<Record<string, unknown>>): Claims | undefined {
  const claims = payload["iss"] === legacyIssuer ? readLegacy(payload) : readBound(payload);
  const subject = claims === undefined ? "" : userNameOf(claims.namespace, claims.account.name);
  return payload["sub"] === subject ? claims : undefined;
}

function readLegacy(payload: Readonly<Record<string, unknown>>): LegacyClaims | undefined {
  const [namespace, secretName, name, uid] = [
    textOf(payload[legacyNames.namespace]),
    textOf(payload[legacyNames.secret]),
    textOf(payload[legacyNames.name]),
    textOf(payload[legacyNames.uid]),
  ];
  if (namespace === "" || secretName === "" || name === "" || uid === "") return undefined;
  return { kind: "legacy", namespace, secretName, account: { name, uid } };
}

function readBound(payload: Readonly<Record<string, unknown>>): BoundClaims | undefined {
  const own = objectOf(payload["kubernetes.io"]);
  const account = referenceOf(own["serviceaccount"]);
  const secret = own["secret"] === undefined ? undefined : referenceOf(own["secret"]);
  const namespace = textOf(own["namespace"]);
  const { aud, exp, jti } = payload;
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === "string");
  if (account === undefined || namespace === "" || typeof exp !== "number") return undefined;
  if (own["secret"] !== undefined && secret === undefined) return undefined;
  return {
    kind: "bound",
    namespace,
    account,
    ...(secret === undefined ? {} : { secret }),
    boundElsewhere: own["pod"] !== undefined || own["node"] !== undefined,
    audiences,
    id: typeof jti === "string" && jti !== "" ? jti : undefined,
    expiresAt: exp,
  };
}

function referenceOf(value: unknown): Reference | undefined {
  const { name, uid } = objectOf(value);
  return textOf(name) === "" || textOf(uid) === "" ? undefined : { name: textOf(name), uid: textOf(uid) };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
