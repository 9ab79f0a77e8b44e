/**
 * By what a cluster is known again: the uid of its namespace kube-system, and a key that Drover leaves in it when it first
 * connects. Who has a registration token, but no access to the cluster, cannot show the key. Pure.
 */
import { constantTimeEqual } from "../auth/constant-time.ts";
import { sha256Hex } from "../auth/token-secret.ts";

export interface ClusterIdentity {
  readonly namespaceUid: string;
  /** Hex SHA-256 of the key: 256 random bits, so that its hash needs no secrecy. */
  readonly keySha256: string;
}

export const identityNamespacePath = "/api/v1/namespaces/kube-system";

/** Not in cattle-system, which is deleted and made again when an agent is set up anew. */
export function identitySecretName(clusterId: string): string {
  return `drover-identity-${clusterId}`;
}

export function identitySecretPath(clusterId: string): string {
  return `${identityNamespacePath}/secrets/${identitySecretName(clusterId)}`;
}

/** The uid of a namespace as the kube-apiserver answers it; `undefined`: that is no namespace. */
export function uidOf(namespace: unknown): string | undefined {
  const { kind, metadata } = objectOf(namespace);
  const { uid } = objectOf(metadata);
  return kind === "Namespace" && typeof uid === "string" && uid !== "" ? uid : undefined;
}

/** The key in its Secret, as base64; `undefined`: there is none. */
export function keyOf(secret: unknown): string | undefined {
  const { data } = objectOf(secret);
  const { key } = objectOf(data);
  return typeof key === "string" && key !== "" ? key : undefined;
}

export async function identityOf(namespaceUid: string, key: string): Promise<ClusterIdentity> {
  return { namespaceUid, keySha256: await sha256Hex(key) };
}

/** Why these are not of the cluster with that identity; `undefined`: they are. */
export async function identityProblem(
  expected: ClusterIdentity,
  namespace: unknown,
  secret: unknown,
): Promise<string | undefined> {
  const uid = uidOf(namespace);
  if (uid !== expected.namespaceUid)
    return `another cluster: kube-system has uid ${(uid ?? "none").slice(0, 36)}`;
  const key = keyOf(secret);
  const utf8 = new TextEncoder();
  const same =
    key !== undefined &&
    constantTimeEqual(utf8.encode(await sha256Hex(key)), utf8.encode(expected.keySha256));
  return same ? undefined : "it does not have the key that Drover left in the cluster";
}

export function isClusterIdentity(value: unknown): value is ClusterIdentity {
  const { namespaceUid, keySha256 } = objectOf(value);
  return typeof namespaceUid === "string" && typeof keySha256 === "string";
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
