/** ClusterConfigs of the operators for hosted clusters (types-settings-features.md 1.2): their content is the operators'. */
import type { ResourceDefinition } from "../resource.ts";
import { once } from "../structural/once.ts";
import { object, open } from "../structural/shapes.ts";

const schema = once(() => object({ spec: open, status: open }));

/** `kind` as `AKSClusterConfig`; its group begins like it. */
export function operatorClusterConfigs(kind: string): ResourceDefinition {
  const singular = kind.toLowerCase();
  return {
    group: `${singular.replace("clusterconfig", "")}.cattle.io`,
    version: "v1",
    kind,
    plural: `${singular}s`,
    singular,
    scope: "Namespaced",
    schema,
    statusSubresource: true,
  };
}
