/** management.cattle.io/v3 GroupMember: one principal in a Group. */
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
      properties: { groupName: string, principalId: string },
    }) as const satisfies JsonSchema,
);

export type GroupMember = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const groupMembers: ResourceDefinition<GroupMember> = {
  ...management,
  kind: "GroupMember",
  plural: "groupmembers",
  singular: "groupmember",
  scope: "Cluster",
  schema,
};
