/** management.cattle.io/v3 ProjectNetworkPolicy: that a project is shut off from the others of its cluster. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: { type: "object", properties: { projectName: string, description: string } },
        status: { type: "object" },
      },
    }) as const satisfies JsonSchema,
);

export type ProjectNetworkPolicy = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const projectNetworkPolicies: ResourceDefinition<ProjectNetworkPolicy> = {
  ...management,
  kind: "ProjectNetworkPolicy",
  plural: "projectnetworkpolicies",
  singular: "projectnetworkpolicy",
  scope: "Namespaced",
  schema,
};
