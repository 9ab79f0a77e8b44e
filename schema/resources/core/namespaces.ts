/** core/v1 Namespace. Contents are removed by whoever deletes one: no namespace controller runs in the management plane. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { invalid, isDnsLabel } from "../names.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: { type: "object", properties: { finalizers: { type: "array", items: { type: "string" } } } },
        status: {
          type: "object",
          properties: { phase: { type: "string", enum: ["Active", "Terminating"] } },
        },
      },
    }) as const satisfies JsonSchema,
);

export type Namespace = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const namespaces: ResourceDefinition<Namespace> = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  scope: "Cluster",
  schema,
  printerColumns: [{ name: "Status", type: "string", jsonPath: ".status.phase" }],
  mutate: ({ object }) => ({
    ...object,
    metadata: {
      ...object.metadata,
      // What every cluster has and selectors by name rely on (Kubernetes 1.21 and later).
      labels: { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name },
    },
    status: { phase: object.metadata.deletionTimestamp === undefined ? "Active" : "Terminating" },
  }),
  validate: ({ object: { metadata } }) =>
    isDnsLabel(metadata.name) ? [] : [invalid("metadata.name", metadata.name, "must be a DNS label")],
};
