/**
 * Who scales a MachineDeployment of a machine pool scales the pool (auth.md 7.8): otherwise the pool's quantity would take
 * the change back at once. Only `/scale` does: the reconciler that sets replicas by the quantity may be late.
 */
import type { Alongside, AdmissionContext } from "../../resource.ts";
import type { ProvisioningCluster } from "../provisioning.cattle.io/clusters.ts";
import type { MachineDeployment } from "./machine-deployments.ts";

const clusterLabel = "cluster.x-k8s.io/cluster-name";
const poolLabel = "rke.cattle.io/rke-machine-pool-name";

/** Nothing where the deployment is of no pool of ours. */
export async function scaledPool({
  operation,
  subresource,
  object,
  lookup,
}: Pick<AdmissionContext<MachineDeployment>, "operation" | "subresource" | "object" | "lookup">): Promise<
  Alongside[]
> {
  if (operation !== "UPDATE" || subresource !== "scale") return [];
  const { namespace = "" } = object.metadata;
  const { replicas = 0, template } = object.spec;
  const { [clusterLabel]: clusterName = "", [poolLabel]: poolName = "" } = template.metadata?.labels ?? {};
  if (clusterName === "" || poolName === "") return [];
  const capiCluster = await lookup("clusters.cluster.x-k8s.io", namespace, clusterName);
  const owner = capiCluster?.metadata.ownerReferences?.find(
    ({ apiVersion, kind }) => apiVersion === "provisioning.cattle.io/v1" && kind === "Cluster",
  );
  if (owner === undefined) return [];
  const type = "clusters.provisioning.cattle.io";
  const cluster: ProvisioningCluster | undefined = await lookup(type, namespace, owner.name);
  const { rkeConfig } = cluster?.spec ?? {};
  const pools = rkeConfig?.machinePools ?? [];
  const pool = pools.find(({ name }) => name === poolName);
  if (cluster === undefined || pool === undefined || (pool.quantity ?? 0) === replicas) return [];
  const machinePools = pools.map((each) => (each === pool ? { ...each, quantity: replicas } : each));
  const spec = { ...cluster.spec, rkeConfig: { ...rkeConfig, machinePools } };
  return [{ action: "apply", type, object: { ...cluster, spec } as ProvisioningCluster }];
}
