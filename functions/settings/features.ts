/**
 * The feature flags (types-settings-features.md 3), with their defaults and what they turn on. What a flag is in force: locked
 * value, else the one that was chosen, else the default, which `--features` and `CATTLE_FEATURES` replace. Nothing restarts:
 * all are as good as dynamic here, whatever Rancher's `dynamic` says.
 */
export interface FeatureFlag {
  readonly default: boolean;
  readonly dynamic: boolean;
  readonly description: string;
  /** Of SUSE's paid builds: off in this one, and not to be turned on. */
  readonly prime?: true;
  /** The server makes no object of it: agents are told of it by other ways. */
  readonly hidden?: true;
  /** Cannot be chosen here. */
  readonly locked?: boolean;
}

const flag = (
  standard: boolean,
  dynamic: boolean,
  description: string,
  more: Pick<FeatureFlag, "prime" | "hidden" | "locked"> = {},
): FeatureFlag => ({ default: standard, dynamic, description, ...more });

export const featureFlags: Readonly<Record<string, FeatureFlag>> = {
  "aggregated-roletemplates": flag(true, true, "Role templates by aggregated ClusterRoles"),
  "clean-stale-secrets": flag(true, false, "Remove unused Secrets of impersonation accounts"),
  "cluster-agent-scheduling-customization": flag(
    false,
    true,
    "PriorityClass and PodDisruptionBudget for agents",
  ),
  "cluster-autoscaling": flag(true, false, "Deploy the cluster autoscaler", { prime: true }),
  "cluster-shell": flag(true, false, "kubectl shell on clusters"),
  "consistent-hashing-cluster-ownership": flag(false, false, "Spread clusters over replicas by hashing"),
  "continuous-delivery": flag(true, false, "Continuous delivery from Git by Fleet"),
  "crt-token-ttl-rotation": flag(true, true, "Rotate registration tokens of clusters"),
  fleet: flag(true, false, "Fleet, its workspaces and its clusters"),
  harvester: flag(true, true, "Import and drive Harvester clusters"),
  "harvester-baremetal-container-workload": flag(false, true, "Workloads on Harvester itself"),
  "hide-local-auth-provider": flag(false, true, "Hide the local login while another provider is enabled"),
  "imported-day-2-ops": flag(true, false, "Operations on imported clusters"),
  "istio-virtual-service-ui": flag(true, true, "Pages for Istio virtual services"),
  legacy: flag(false, true, "Legacy pages and APIs"),
  "managed-system-upgrade-controller": flag(true, false, "Upgrade controller in clusters", { hidden: true }),
  "multi-cluster-management": flag(true, false, "Manage clusters besides the local one"),
  "multi-cluster-management-agent": flag(false, false, "Run as the agent of a cluster", { hidden: true }),
  "node-shell": flag(true, false, "SSH to machines"),
  "oidc-provider": flag(false, false, "Be an OpenID Connect provider"),
  "pod-shell": flag(true, false, "Shell in containers"),
  provisioningprebootstrap: flag(false, false, "Secrets and agent before a cluster's bootstrap"),
  provisioningv2: flag(true, false, "Provisioning by Cluster API", { hidden: true }),
  "provisioningv2-fleet-workspace-back-population": flag(true, false, "Move clusters between workspaces"),
  "rancher-scc-registration-extension": flag(true, false, "Register at the SUSE Customer Center", {
    prime: true,
  }),
  rke2: flag(true, false, "Provision RKE2 and K3s clusters"),
  scim: flag(false, false, "Take users and groups by SCIM"),
  // Drover keeps no token in clear.
  "token-hashing": flag(false, true, "Store hashes of tokens instead of tokens", { locked: true }),
  turtles: flag(true, false, "Cluster API controllers by Turtles", { hidden: true }),
  uiextension: flag(true, false, "Extensions of the dashboard"),
  "unsupported-storage-drivers": flag(false, true, "Storage drivers without support"),
  "v2prov-etcd-snapshot-backpopulate": flag(true, false, "Records of etcd snapshots from clusters"),
  "v3-public": flag(true, false, "Deprecated public API /v3-public"),
};

/** Names of former versions: their objects go. */
export const retiredFeatures: readonly string[] = ["external-rules", "ui-sql-cache", "auth"];

/** `a=true,b=false` → defaults that replace the catalogue's. Throws a TypeError that names what is wrong. */
export function parseFeatures(text: string): Readonly<Record<string, boolean>> {
  const given: Record<string, boolean> = {};
  for (const part of text.split(",").filter((one) => one.trim() !== "")) {
    const [name = "", value = "", ...rest] = part.trim().split("=");
    if (!Object.hasOwn(featureFlags, name)) throw new TypeError(`features: ${name} is no feature`);
    if (rest.length > 0 || !["true", "false"].includes(value))
      throw new TypeError(`features: ${name} must be true or false`);
    given[name] = value === "true";
  }
  // A server of many clusters needs Fleet: that is Rancher's rule.
  if (given["multi-cluster-management"] === true) given["fleet"] = true;
  return given;
}

/** What holds for a flag while nobody chooses. */
export function defaultFeature(name: string, given: Readonly<Record<string, boolean>>): boolean {
  const known = Object.hasOwn(featureFlags, name) ? featureFlags[name] : undefined;
  if (known === undefined || known.prime === true) return false;
  return given[name] ?? known.default;
}
