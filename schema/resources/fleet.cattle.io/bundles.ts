/** fleet.cattle.io/v1alpha1 Bundle (fleet.md 1.2): what is to be deployed, and where. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { int64, integer, listOf, nullable, object, string } from "../../structural/shapes.ts";
import { bundleSpec } from "./bundle-options.ts";
import { column } from "../columns.ts";
import { fleet, maybeString, parts, statusColumn } from "./group.ts";

const schema = once(() => {
  const { conditions, identity, summary } = parts();
  return object({
    spec: object(bundleSpec()),
    status: object({
      conditions,
      display: object({ readyClusters: maybeString, state: maybeString }),
      maxUnavailable: integer,
      maxUnavailablePartitions: integer,
      newlyCreated: integer,
      observedGeneration: int64,
      ociReference: string,
      partitions: listOf(
        object({ count: integer, maxUnavailable: integer, name: maybeString, summary, unavailable: integer }),
      ),
      resourceKey: nullable(listOf(object(identity))),
      resourcesSha256Sum: string,
      summary,
      unavailable: integer,
      unavailablePartitions: integer,
    }),
  });
});

export type Bundle = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const bundles: ResourceDefinition<Bundle> = {
  ...fleet,
  kind: "Bundle",
  plural: "bundles",
  singular: "bundle",
  schema,
  printerColumns: [column("BundleDeployments-Ready", ".status.display.readyClusters"), statusColumn],
};
