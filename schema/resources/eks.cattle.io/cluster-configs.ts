/** eks.cattle.io/v1 EKSClusterConfig. */
import type { ResourceDefinition } from "../../resource.ts";
import { operatorClusterConfigs } from "../cloud-operator.ts";

export const eksClusterConfigs: ResourceDefinition = operatorClusterConfigs("EKSClusterConfig");
