/** management.cattle.io/v3 Group: a group of an identity provider, as SCIM makes them (auth.md 6.6). */
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
      properties: { displayName: string, provider: string, externalId: string },
    }) as const satisfies JsonSchema,
);

export type Group = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const groups: ResourceDefinition<Group> = {
  ...management,
  kind: "Group",
  plural: "groups",
  singular: "group",
  scope: "Cluster",
  schema,
};
