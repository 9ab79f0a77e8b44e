/** ali.cattle.io/v1 AliClusterConfig. */
import type { ResourceDefinition } from "../../resource.ts";
import { operatorClusterConfigs } from "../cloud-operator.ts";

export const aliClusterConfigs: ResourceDefinition = operatorClusterConfigs("AliClusterConfig");
