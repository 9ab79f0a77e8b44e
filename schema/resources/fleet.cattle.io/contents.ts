/** fleet.cattle.io/v1alpha1 Content (fleet.md 1.7): the gzipped manifests of a bundle, named by their hash. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { bytes, integer, nullable, object, string } from "../../structural/shapes.ts";
import { fleet } from "./group.ts";

const schema = once(() =>
  object({ content: nullable(bytes), sha256sum: string, status: object({ referenceCount: integer }) }),
);

export type Content = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const contents: ResourceDefinition<Content> = {
  ...fleet,
  kind: "Content",
  plural: "contents",
  singular: "content",
  schema,
  scope: "Cluster",
};
