/** management.cattle.io/v3 ComposeConfig: a YAML file of several objects. Kept for old clients; nothing acts on it. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { conditionsSchema } from "../conditions.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: { type: "object", properties: { rancherCompose: string } },
        status: { type: "object", properties: { conditions: conditionsSchema } },
      },
    }) as const satisfies JsonSchema,
);

export type ComposeConfig = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const composeConfigs: ResourceDefinition<ComposeConfig> = {
  ...management,
  kind: "ComposeConfig",
  plural: "composeconfigs",
  singular: "composeconfig",
  scope: "Cluster",
  schema,
};
