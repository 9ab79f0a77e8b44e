/** management.cattle.io/v3 ClusterProxyConfig: whether a cluster's own service account tokens are let through the proxy. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden } from "../names.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["enabled"],
      properties: { enabled: boolean },
    }) as const satisfies JsonSchema,
);

/** Its namespace is the cluster's. */
export type ClusterProxyConfig = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterProxyConfigs: ResourceDefinition<ClusterProxyConfig> = {
  ...management,
  kind: "ClusterProxyConfig",
  plural: "clusterproxyconfigs",
  singular: "clusterproxyconfig",
  scope: "Namespaced",
  schema,
  indexes: { clusterName: ({ metadata: { namespace = "" } }) => [namespace] },
  unique: ["clusterName"],
  validate,
};

/** One for each cluster (webhook, ClusterProxyConfig): of two, which would hold? */
async function validate({
  operation,
  object,
  lookupByIndex,
}: AdmissionContext<ClusterProxyConfig>): Promise<FieldError[]> {
  if (operation !== "CREATE") return [];
  const { namespace = "" } = object.metadata;
  const others = await lookupByIndex("clusterproxyconfigs.management.cattle.io", "clusterName", namespace);
  return others.length === 0
    ? []
    : [forbidden("metadata.namespace", `the cluster has one already: ${others[0]?.metadata.name ?? ""}`)];
}
