/** fleet.cattle.io/v1alpha1 ClusterGroup (fleet.md 1.5). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { integer, nullable, object, texts } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { fleet, maybeString, parts, statusColumn } from "./group.ts";

const schema = once(() => {
  const { conditions, labelSelector, resourceCounts, summary } = parts();
  return object({
    spec: object({ selector: nullable(labelSelector) }),
    status: object({
      clusterCount: integer,
      conditions,
      display: object({ readyBundles: maybeString, readyClusters: maybeString, state: maybeString }),
      nonReadyClusterCount: integer,
      nonReadyClusters: nullable(texts),
      resourceCounts,
      summary,
    }),
  });
});

export type ClusterGroup = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterGroups: ResourceDefinition<ClusterGroup> = {
  ...fleet,
  kind: "ClusterGroup",
  plural: "clustergroups",
  singular: "clustergroup",
  categories: ["fleet"],
  schema,
  printerColumns: [
    column("Clusters-Ready", ".status.display.readyClusters"),
    column("Bundles-Ready", ".status.display.readyBundles"),
    statusColumn,
  ],
};
