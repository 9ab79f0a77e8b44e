/** fleet.cattle.io/v1alpha1 BundleNamespaceMapping (fleet.md 1.7): whose bundles may reach clusters of which namespaces. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { nullable, object } from "../../structural/shapes.ts";
import { fleet, parts } from "./group.ts";

const schema = once(() => {
  const { labelSelector } = parts();
  return object({ bundleSelector: nullable(labelSelector), namespaceSelector: nullable(labelSelector) });
});

export type BundleNamespaceMapping = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const bundleNamespaceMappings: ResourceDefinition<BundleNamespaceMapping> = {
  ...fleet,
  kind: "BundleNamespaceMapping",
  plural: "bundlenamespacemappings",
  singular: "bundlenamespacemapping",
  schema,
};
