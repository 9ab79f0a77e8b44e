/** ext.cattle.io/v1 GroupMembershipRefreshRequest: looks anew which groups a user is in. Done when it is created, never stored. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string } from "../../structural/shapes.ts";
import { extension } from "./group.ts";
import { requestStatusSchema } from "./request-status.ts";

const schema = once(() =>
  object({
    // `*`: all users.
    spec: object({ userId: string }),
    status: requestStatusSchema,
  }),
);

export type GroupMembershipRefreshRequest = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const groupMembershipRefreshRequests: ResourceDefinition<GroupMembershipRefreshRequest> = {
  ...extension,
  verbs: ["create"],
  kind: "GroupMembershipRefreshRequest",
  plural: "groupmembershiprefreshrequests",
  singular: "groupmembershiprefreshrequest",
  schema,
};
