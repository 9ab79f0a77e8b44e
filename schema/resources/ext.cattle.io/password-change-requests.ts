/** ext.cattle.io/v1 PasswordChangeRequest: sets a local user's password. Done when it is created, never stored. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string } from "../../structural/shapes.ts";
import { extension } from "./group.ts";
import { requestStatusSchema } from "./request-status.ts";

const schema = once(() =>
  object({
    // Passwords have no limits here: an error about one would show it.
    spec: object({ userID: string, currentPassword: string, newPassword: string }),
    status: requestStatusSchema,
  }),
);

export type PasswordChangeRequest = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const passwordChangeRequests: ResourceDefinition<PasswordChangeRequest> = {
  ...extension,
  verbs: ["create"],
  kind: "PasswordChangeRequest",
  plural: "passwordchangerequests",
  singular: "passwordchangerequest",
  schema,
};
