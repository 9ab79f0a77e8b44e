/** `/k8s/clusters/<id>/…`: the Kubernetes API of a cluster, as the Drover user, through its tunnel (design 2; tunnel.md 4). */
import { Hono } from "hono";
import type { Next } from "hono";
import { shardOf, tunnelName } from "../../../schema/internal/tunnel-name.ts";
import { allows } from "../../../schema/rbac/evaluate.ts";
import { downstreamIdentity } from "../../identity/downstream.ts";
import type { Identity } from "../../identity/identity.ts";
import { resolveImpersonation } from "../../identity/impersonation.ts";
import { requireIdentity } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { toTunnel } from "../tunnel.ts";
import { clusterState } from "./cluster-state.ts";
import type { KnownCluster } from "./cluster-state.ts";
import { requestLimits } from "./limits.ts";
import { isHeld, peersFor, wasHeld } from "./peers.ts";
import { refuseShell, shellTarget } from "./shell.ts";
import type { ClusterTarget } from "./shell.ts";
import { refuseOtherUpgrades, wrappedUpgrade } from "./upgrades.ts";

export const kubeApp = new Hono<AppEnv>()
  .all("/k8s/clusters/:id", proxyPath)
  .all("/k8s/clusters/:id/*", proxyPath)
  .all("/k8s/proxy/:id", proxyPath)
  .all("/k8s/proxy/:id/*", proxyPath)
  .all("/v3/clusters/:id", proxyShell)
  .all("/v1/management.cattle.io.clusters/:id", proxyShell);

function proxyPath(c: AppContext): Promise<Response> {
  return proxyToCluster(c, splitTarget(c.get("target")));
}

async function proxyShell(c: AppContext, next: Next): Promise<Response | void> {
  const shell = shellTarget(c.get("target"));
  return shell === undefined ? next() : proxyToCluster(c, shell);
}

async function proxyToCluster(
  c: AppContext,
  { prefix, clusterId, target }: ClusterTarget,
): Promise<Response> {
  const identity = await resolveImpersonation(c, requireIdentity(c), "cluster");
  // Rights before existence, as Kubernetes does: who may not see a cluster learns nothing about it.
  if (!mayGet(identity, clusterId)) {
    // What Steve's clients know (tunnel.md 4.6).
    if (/^\/v1(?:[/?]|$)/.test(target)) return new Response(null, { status: 401 });
    throw new ApiError(
      "Forbidden",
      `clusters.management.cattle.io "${clusterId}" is forbidden: User "${identity.userId}" cannot get resource "clusters" in API group "management.cattle.io" at the cluster scope`,
    );
  }
  const peers = await peersFor(c, clusterId);
  const { shards, identity: clusterIdentity } = await reachable(c, clusterId, peers);
  refuseOtherUpgrades(c.req.raw.headers, clusterId);
  await refuseShell(c, target);

  const name = tunnelName(clusterId, shardOf(identity.userId, shards));
  return toTunnel(c, c.req.raw, name, {
    v: 1,
    op: "proxy",
    target,
    identity: downstreamIdentity(identity, clusterId, c.req.raw.headers.get("host") ?? ""),
    requestId: c.get("requestId"),
    prefix,
    origin: "user",
    ...(shards === 1 ? {} : { shards }),
    ...(peers.length === 0 ? {} : { peers }),
    ...(peers.length === 0 || clusterIdentity === undefined ? {} : { clusterIdentity }),
    ...wrappedUpgrade(c.req.raw.headers, c.env),
    limits: await requestLimits(c.get("settings"), shards),
  });
}

/** What is known of a cluster that somebody may be connected for: here, or at one of the peers. */
async function reachable(c: AppContext, id: string, peers: readonly string[]): Promise<KnownCluster> {
  const onlyAtPeers = { shards: 1, identity: undefined };
  if (wasHeld(peers, id)) return onlyAtPeers;
  const state = await clusterState(c, id);
  if (typeof state === "object") return state;
  // The tunnel object of a cluster that never connected is neither made nor woken, unless a peer has the cluster.
  if (await isHeld(c.env, peers, id)) return onlyAtPeers;
  if (state === "absent") throw new ApiError("NotFound", `clusters.management.cattle.io "${id}" not found`);
  throw new ApiError("ClusterUnavailable", "cluster not provisioned");
}

/** `/k8s/clusters/c-abcde/api?x` → prefix `/k8s/clusters/c-abcde`, target `/api?x`. Nothing is decoded. */
export function splitTarget(raw: string): ClusterTarget {
  const [, prefix = "", clusterId = "", rest = ""] =
    /^(\/k8s\/(?:clusters|proxy)\/([^/?]+))(.*)$/s.exec(raw) ?? [];
  return { prefix, clusterId, target: rest.startsWith("/") ? rest : `/${rest}` };
}

function mayGet({ rules }: Identity, name: string): boolean {
  return allows(rules, { verb: "get", group: "management.cattle.io", resource: "clusters", name });
}
