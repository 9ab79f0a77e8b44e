/** Headers on both legs. Upstream ones are built from an allow list, never by deleting from the caller's (design 2). Pure. */
import type { DownstreamIdentity, ProxyContext } from "../../schema/internal/context.ts";
import type { HeaderPair } from "../../wire/http1/request.ts";
import { isSteves } from "./route.ts";

/** What Kubernetes' API, the proxied pods and services, and their clients need. Credentials and cookies are not among it. */
const forwarded = [
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "kubectl-command",
  "kubectl-session",
  "last-event-id",
  "pragma",
  "range",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-requested-with",
  "x-stream-protocol-version",
];

/**
 * Lines of the upstream request but for those about its body and its connection. One `Impersonate-Group` line per group:
 * names of groups may hold commas. `authorization`: of the cluster's own account, where there is no agent that has it.
 */
export function upstreamHeaders(
  request: Headers,
  {
    identity,
    origin,
    prefix,
    requestId,
    target,
  }: Pick<ProxyContext, "identity" | "origin" | "prefix" | "requestId" | "target">,
  authorization?: string,
): HeaderPair[] {
  const pairs: HeaderPair[] = [["Host", request.get("host") ?? "drover"]];
  for (const name of forwarded) {
    const value = request.get(name);
    if (value !== null) pairs.push([name, value]);
  }
  // Steve builds its links of them (tunnel.md 2.7). With a prefix it answers through a writer that cannot flush (RedirectRewrite
  // in rancher/apiserver, seen in the agent of 2.15.0): watches and logs would come in pieces of 4 KiB.
  if (isSteves(target)) pairs.push(["X-API-URL-Prefix", prefix]);
  // Outside there is always TLS.
  pairs.push(["X-Forwarded-Proto", "https"], ["X-Request-Id", requestId]);
  if (authorization === undefined) return [...pairs, ...impersonation(identity)];
  pairs.push(["Authorization", authorization]);
  // Reconcilers are that account themselves, whatever its name.
  return origin === "controller" ? pairs : [...pairs, ...impersonation(identity)];
}

function impersonation(identity: DownstreamIdentity): HeaderPair[] {
  const pairs: HeaderPair[] = [["Impersonate-User", identity.user]];
  for (const group of identity.groups) pairs.push(["Impersonate-Group", group]);
  for (const [key, values] of Object.entries(identity.extra)) {
    const name = `Impersonate-Extra-${encodeExtraKey(key)}`;
    for (const value of values) pairs.push([name, value]);
  }
  return pairs;
}

/** Percent-encodes what may not stand in a header name, as client-go does. */
function encodeExtraKey(key: string): string {
  if (/^[a-z0-9]*$/.test(key)) return key;
  return Array.from(new TextEncoder().encode(key), (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9!#$&'*+\-.^_`|~]/i.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/**
 * Hop-by-hop headers; those that the platform writes itself; CORS, which is ours to grant; and what a cluster could
 * turn against this origin, where sessions of the management plane live.
 */
const withheld = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "alt-svc",
  "clear-site-data",
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "service-worker-allowed",
  "set-cookie",
  "strict-transport-security",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * A page of a cluster (pod and service proxies) must not act as this origin, where sessions of the management plane live:
 * without `allow-same-origin` its origin is opaque. Beside a policy of the page's own, both hold.
 */
const sandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

/** Headers for the client. `Location` stays under `prefix`. */
export function clientHeaders(pairs: readonly HeaderPair[], prefix: string, host: string | null): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (withheld.has(key)) continue;
    headers.append(key, key === "location" ? underPrefix(value, prefix, host) : value);
  }
  headers.append("content-security-policy", sandbox);
  return headers;
}

/**
 * Paths, and URLs that name the host the client asked (with any scheme or none), are put under the prefix; other hosts are
 * left alone, and so are relative references, which stay where the client is. Dot segments are resolved first: a browser
 * would climb out of the prefix with them.
 */
function underPrefix(location: string, prefix: string, host: string | null): string {
  const [, authority, rest = ""] = /^(?:https?:)?\/\/([^/?#\\]*)(.*)$/is.exec(location) ?? [];
  if (authority !== undefined && authority.toLowerCase() !== host?.toLowerCase()) return location;
  const path = authority === undefined ? location : rest.startsWith("/") ? rest : `/${rest}`;
  if (!path.startsWith("/")) return location;
  const resolved = withoutDots(path);
  return resolved === prefix || resolved.startsWith(`${prefix}/`) ? resolved : prefix + resolved;
}

function withoutDots(path: string): string {
  if (!/(?:^|[/\\])(?:\.|%2e){1,2}(?:$|[/\\?#])/i.test(path)) return path;
  const { pathname, search, hash } = new URL(`http://x${path}`);
  return pathname + search + hash;
}
