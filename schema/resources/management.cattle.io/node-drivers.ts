/** management.cattle.io/v3 NodeDriver: a program that makes machines at a cloud (controllers.md 3.1). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { conditionsSchema } from "../conditions.ts";
import { forbidden } from "../names.ts";
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
  referenced: true,
  validate,
  printerColumns: [column("Activated", ".spec.active"), column("Binary URL", ".spec.url")],
};

/** A driver is needed for as long as there are machines that it made: who else would remove them? (webhook, NodeDriver) */
async function validate({
  operation,
  object,
  old,
  declared,
  lookupByIndex,
}: AdmissionContext<NodeDriver>): Promise<FieldError[]> {
  const before = old ?? object;
  const ends = operation === "DELETE" || (operation === "UPDATE" && !object.spec.active);
  if (!ends || !before.spec.active) return [];
  const { displayName = "" } = before.spec;
  const driver = displayName === "" ? before.metadata.name : displayName;
  const type = `${driver.toLowerCase()}machines.rke-machine.cattle.io`;
  if (declared(type) === undefined) return [];
  const machines = await lookupByIndex(type, "driver", driver.toLowerCase());
  return machines.length === 0
    ? []
    : [forbidden("spec.active", `it made ${machines.length} machines that are still there`)];
}
