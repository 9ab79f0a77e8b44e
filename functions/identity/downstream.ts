/** Who a request runs as in the target cluster (design 6): the user, with the groups that his roles there carry. Pure. */
import type { DownstreamIdentity } from "../../schema/internal/context.ts";
import { ApiError } from "../http/errors.ts";
import type { Identity } from "./identity.ts";

/** Bound to `cluster-admin` in each cluster by the lifecycle reconciler; carried by GlobalRole `admin`. */
export const clusterOwnerGroup = "drover:cluster-owner";
const adminRole = "admin";

/**
 * `requestHost`: the host the client asked. Group names with our prefix or Kubernetes' own come from nowhere but here:
 * a directory that names a group `system:masters` gives its members nothing. Throws for a token of another cluster.
 */
export function downstreamIdentity(
  identity: Identity,
  clusterId: string,
  requestHost: string,
): DownstreamIdentity {
  const scope = identity.token.clusterName;
  // A service account of ours is nobody in another cluster.
  if ((scope !== undefined && scope !== clusterId) || identity.token.kind === "service-account")
    throw new ApiError("Unauthorized", "must authenticate");
  const own = new Set(identity.groups.filter((group) => !isReservedGroup(group)));
  for (const group of identity.groups) if (isAuthenticatedGroup(group)) own.add(group);
  if (identity.roles.includes(adminRole)) own.add(clusterOwnerGroup);
  return {
    user: identity.userId,
    groups: [...own],
    extra: { ...identity.extra, requesthost: [requestHost] },
  };
}

/** Names that only this server (`drover:`) or Kubernetes (`system:`) gives. */
export function isReservedGroup(group: string): boolean {
  return group.startsWith("drover:") || group.startsWith("system:");
}

function isAuthenticatedGroup(group: string): boolean {
  return group === "system:authenticated" || group === "system:cattle:authenticated";
}
