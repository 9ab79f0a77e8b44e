/** management.cattle.io/v3 NodeDriver: a program that makes machines at a cloud (controllers.md 3.1). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { conditionsSchema } from "../conditions.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: {
          type: "object",
          required: ["active", "url"],
          properties: {
            displayName: { type: "string", maxLength: 57 },
            description: string,
            url: string,
            externalId: string,
            builtin: boolean,
            active: boolean,
            addCloudCredential: boolean,
            /** Hexadecimal MD5, SHA-1, SHA-256 or SHA-512 of what the URL gives, or nothing. */
            checksum: {
              type: "string",
              maxLength: 128,
              pattern: "^(?:[a-fA-F0-9]{32}|[a-fA-F0-9]{40}|[a-fA-F0-9]{64}|[a-fA-F0-9]{128})?$",
            },
            uiUrl: string,
            whitelistDomains: texts,
          },
        },
        status: {
          type: "object",
          properties: {
            conditions: conditionsSchema,
            appliedURL: string,
            appliedChecksum: string,
            appliedDockerMachineVersion: string,
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type NodeDriver = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const nodeDrivers: ResourceDefinition<NodeDriver> = {
  ...management,
  kind: "NodeDriver",
  plural: "nodedrivers",
  singular: "nodedriver",
  scope: "Cluster",
  schema,
  printerColumns: [column("Activated", ".spec.active"), column("Binary URL", ".spec.url")],
};
