/** catalog.cattle.io/v1 Operation: one run of Helm. All of it is `status`. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, listOf, open, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { conditionsSchema } from "../conditions.ts";
import { catalog } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        status: {
          type: "object",
          properties: {
            observedGeneration: { type: "integer", format: "int64" },
            action: string,
            chart: string,
            version: string,
            releaseName: string,
            namespace: string,
            projectId: string,
            token: string,
            command: texts,
            podName: string,
            podNamespace: string,
            podCreated: boolean,
            conditions: conditionsSchema,
            automaticCPTolerations: boolean,
            /** core/v1 Tolerations. */
            tolerations: listOf(open),
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type Operation = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const operations: ResourceDefinition<Operation> = {
  ...catalog,
  kind: "Operation",
  plural: "operations",
  singular: "operation",
  categories: ["catalog"],
  scope: "Namespaced",
  schema,
  statusSubresource: true,
  printerColumns: [column("Target Namespace", ".status.podNamespace"), column("Command", ".status.command")],
};
