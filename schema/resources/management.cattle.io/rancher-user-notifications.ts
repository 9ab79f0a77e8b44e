/** management.cattle.io/v3 RancherUserNotification: a message that the dashboard shows to everybody. */
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
      properties: { componentName: string, message: string },
    }) as const satisfies JsonSchema,
);

export type RancherUserNotification = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const rancherUserNotifications: ResourceDefinition<RancherUserNotification> = {
  ...management,
  kind: "RancherUserNotification",
  plural: "rancherusernotifications",
  singular: "rancherusernotification",
  scope: "Cluster",
  schema,
};
