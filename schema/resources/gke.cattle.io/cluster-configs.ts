/** gke.cattle.io/v1 GKEClusterConfig. */
import type { ResourceDefinition } from "../../resource.ts";
import { operatorClusterConfigs } from "../cloud-operator.ts";

export const gkeClusterConfigs: ResourceDefinition = operatorClusterConfigs("GKEClusterConfig");
