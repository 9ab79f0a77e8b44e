/**
 * The one value that crosses from the API Worker to a Durable Object with a request or an upgrade (design 2).
 * The Worker always overwrites the header; the object alone turns it into `Impersonate-*` lines.
 */
import type { ClusterIdentity } from "./cluster-identity.ts";
import type { ClusterStreamContext, PeerConnectContext, PeerStreamContext } from "./peers.ts";

export const CONTEXT_HEADER = "x-drover-context";

/** Who a request runs as in the target cluster. */
export interface DownstreamIdentity {
  readonly user: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** How much a cluster may be asked. 0 is no limit. */
export interface RequestLimits {
  /** Requests a second of one user. */
  readonly perUser: number;
  /** Requests a second of all users. */
  readonly perCluster: number;
  /** Requests whose answer has not begun. */
  readonly unanswered: number;
  /** Bytes of one request's body. */
  readonly bodyBytes: number;
}

/** A request to be sent to a cluster. */
export interface ProxyContext {
  readonly v: 1;
  readonly op: "proxy";
  /** The exact request target for the upstream request line, taken once from the raw URL: `/api/v1/pods?limit=5`. */
  readonly target: string;
  readonly identity: DownstreamIdentity;
  readonly requestId: string;
  /** Prefix under which `Location` headers are rewritten: `/k8s/clusters/c-abcde`. */
  readonly prefix: string;
  /** `user` keeps the cluster "watched" (design 4); a reconciler's request does not. */
  readonly origin: "user" | "controller";
  /**
   * The request is a WebSocket only on its way from the front to the object: the client has asked, with this method, to switch
   * to this protocol, and so does the object ask the cluster. The WebSocket carries that connection's bytes.
   */
  readonly wraps?: { readonly method: string; readonly protocol: string };
  /** Objects that the cluster's tunnel is spread over; absent = as many as the object knows of. */
  readonly shards?: number;
  /** Of these, how many had no session for the request. */
  readonly tried?: number;
  /** Absent: none (a reconciler's request, or a Worker older than this). */
  readonly limits?: RequestLimits;
  /** By which the request may go on where no agent is connected (peers.ts). */
  readonly peers?: readonly string[];
  /** Of the cluster, when it is known: it must be shown through a peer as well. With `peers` alone. */
  readonly clusterIdentity?: ClusterIdentity;
}

/** An agent's upgrade whose registration token the Worker has accepted. */
export interface ConnectContext {
  readonly v: 1;
  readonly op: "connect";
  /** The agent can ask for signs of life that do not wake the object (wire/remotedialer/keepalive.ts). */
  readonly keepalive?: true;
  readonly clusterId: string;
  readonly kind: "main" | "steve";
  readonly remoteAddress: string;
  /** Hex SHA-256 of the registration token: with the token, its sessions go. */
  readonly tokenHash?: string;
  /** Of the cluster, when it is known: a steve session must show it before it is used, as must the cluster of `registration`. */
  readonly identity?: ClusterIdentity;
  /** What a main session would change about a cluster that is known: it must be true of that cluster first. */
  readonly registration?: ClusterRegistration;
}

/** What an agent's main session says of its cluster (tunnel.md 2.3). */
export interface ClusterRegistration {
  /** `https://host:port`, an IPv6 address in brackets. */
  readonly apiEndpoint: string;
  /** base64 of a PEM bundle, as received. */
  readonly caCert: string;
  /** Of the agent's service account. */
  readonly token: string;
}

export type InternalContext =
  | ProxyContext
  | ConnectContext
  | ClusterStreamContext
  | PeerConnectContext
  | PeerStreamContext;

const operations: readonly string[] = [
  "proxy",
  "connect",
  "stream",
  "peer-connect",
  "peer-stream",
] satisfies InternalContext["op"][];

export function encodeContext(context: InternalContext): string {
  return headerJson(context);
}

/** Header-safe form: JSON with every character outside printable ASCII escaped. */
export function headerJson(context: object): string {
  return JSON.stringify(context).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `undefined` for anything but a context of a version we know: the caller answers 400 and does nothing. */
export function decodeContext(value: string | null): InternalContext | undefined {
  if (value === null) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== "object" || parsed === null || !("v" in parsed) || parsed.v !== 1) return undefined;
    return "op" in parsed && typeof parsed.op === "string" && operations.includes(parsed.op)
      ? (parsed as InternalContext)
      : undefined;
  } catch {
    return undefined;
  }
}
