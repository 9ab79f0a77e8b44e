/**
 * ext.cattle.io/v1 UserActivity (auth.md 3.8): when the user of a session, after which it is named, was last seen, and when the
 * session ends if he is not seen again. Kept with the token, not by itself.
 */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string } from "../../structural/shapes.ts";
import { timeSchema } from "../times.ts";
import { extension } from "./group.ts";

const schema = once(() =>
  object({
    spec: object({ seenAt: { ...timeSchema, nullable: true } }),
    // RFC 3339; empty while nothing was recorded.
    status: object({ expiresAt: string }),
  }),
);

export type UserActivity = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const userActivities: ResourceDefinition<UserActivity> = {
  ...extension,
  verbs: ["get", "patch", "update"],
  // Being seen later is all that a write can say: nobody needs to have read the object.
  conditionalUpdate: false,
  kind: "UserActivity",
  plural: "useractivities",
  singular: "useractivity",
  schema,
};
