/** What a session must know after its object left memory while the socket stayed open. Versioned: code changes under open sockets. */
import { isClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import type { ClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import type { ClientKind } from "../../schema/internal/peers.ts";

/** `Kind`: `main` or `steve` of a cluster's sessions; others than agents have kinds of their own. */
export interface Attachment<Kind extends string = ClientKind> {
  readonly v: 1;
  readonly clusterId: string;
  readonly kind: Kind;
  /** Decimal int63, chosen per accepted socket (tunnel.md 1.12). */
  readonly sessionKey: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  readonly remoteAddress: string;
  /** Hex SHA-256 of the registration token that opened it. */
  readonly tokenHash?: string;
  /** The agent asks for signs of life that the platform answers. */
  readonly keepalive?: true;
  /**
   * Until it has shown that it is of its cluster: what it must show, or that what it says of its cluster must be found true,
   * which is in memory alone.
   */
  readonly unproven?: ClusterIdentity | "registration";
}

/** `undefined` for anything but an attachment of a version we know: such a socket is closed, and its agent comes back. */
export function readAttachment(value: unknown): Attachment | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { v, clusterId, kind, sessionKey, openedAt, remoteAddress, tokenHash, keepalive, unproven } =
    value as Partial<Attachment>;
  const known =
    v === 1 &&
    typeof clusterId === "string" &&
    (kind === "main" || kind === "steve") &&
    typeof sessionKey === "string" &&
    typeof openedAt === "number" &&
    typeof remoteAddress === "string" &&
    (unproven === undefined || unproven === "registration" || isClusterIdentity(unproven));
  if (!known) return undefined;
  return {
    v,
    clusterId,
    kind,
    sessionKey,
    openedAt,
    remoteAddress,
    ...(typeof tokenHash === "string" ? { tokenHash } : {}),
    ...(keepalive === true ? { keepalive } : {}),
    ...(unproven === undefined ? {} : { unproven }),
  };
}

/** A random non-negative int63 in decimal. */
export function newSessionKey(): string {
  const [value = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  return String(value >> 1n);
}

/**
 * Above every stream id ever used on the socket, also by objects that lost their memory: microseconds since 1970, which
 * stay below 2^53 until 2255. A session does not open a thousand streams per millisecond.
 */
export function connIdBase(now: number): number {
  return now * 1000;
}
