/** management.cattle.io/v3 KontainerDriver: a driver of hosted clusters. Listed for clients; no third-party driver runs. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { conditionsSchema } from "../conditions.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            url: string,
            checksum: string,
            builtIn: boolean,
            active: boolean,
            uiUrl: string,
            whitelistDomains: texts,
          },
        },
        status: {
          type: "object",
          properties: {
            actualUrl: string,
            executablePath: string,
            conditions: conditionsSchema,
            displayName: string,
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type KontainerDriver = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const kontainerDrivers: ResourceDefinition<KontainerDriver> = {
  ...management,
  kind: "KontainerDriver",
  plural: "kontainerdrivers",
  singular: "kontainerdriver",
  scope: "Cluster",
  schema,
};
