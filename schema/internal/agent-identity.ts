/** Whom requests of Drover's own, through a cluster's tunnel, run as. Pure. */
import type { DownstreamIdentity } from "./context.ts";

/** The agent's service account (tunnel.md 3). */
export const agentUser = "system:serviceaccount:cattle-system:cattle";

/**
 * The agent's own service account (tunnel.md 3): bound to everything by the import manifest. Named by impersonation,
 * because Rancher's agent treats a request without `Impersonate-User` as unauthenticated (tunnel.md 2.7).
 */
export const agentIdentity: DownstreamIdentity = {
  user: agentUser,
  groups: ["system:serviceaccounts", "system:serviceaccounts:cattle-system", "system:authenticated"],
  extra: {},
};
