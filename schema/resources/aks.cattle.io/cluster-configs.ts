/** aks.cattle.io/v1 AKSClusterConfig. */
import type { ResourceDefinition } from "../../resource.ts";
import { operatorClusterConfigs } from "../cloud-operator.ts";

export const aksClusterConfigs: ResourceDefinition = operatorClusterConfigs("AKSClusterConfig");
