/** rke.cattle.io/v1 RKEBootstrap (controllers.md 5.2): how one machine joins its cluster. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object } from "../../structural/shapes.ts";
import { bootstrapSpec, bootstrapStatus, contractLabels, rke } from "./group.ts";

const schema = once(() => object({ spec: bootstrapSpec(), status: bootstrapStatus() }, ["spec"]));

export type RKEBootstrap = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const rkeBootstraps: ResourceDefinition<RKEBootstrap> = {
  ...rke,
  kind: "RKEBootstrap",
  plural: "rkebootstraps",
  singular: "rkebootstrap",
  schema,
  categories: ["cluster-api"],
  definitionLabels: contractLabels,
  statusSubresource: true,
};
