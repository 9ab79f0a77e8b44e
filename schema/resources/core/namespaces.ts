/** core/v1 Namespace. A deleted one waits in `spec.finalizers` for its content to go. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid, standardFinalizers } from "../names.ts";
import { isQualifiedName } from "../qualified-name.ts";
import { timeSchema } from "../times.ts";
import { namespaceRuleErrors } from "./namespace-rules.ts";

const condition = {
  type: "object",
  required: ["type", "status"],
  properties: {
    type: { type: "string" },
    status: { type: "string" },
    lastTransitionTime: timeSchema,
    reason: { type: "string" },
    message: { type: "string" },
  },
} as const satisfies JsonSchema;

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            finalizers: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic" },
          },
        },
        status: {
          type: "object",
          properties: {
            phase: { type: "string", enum: ["Active", "Terminating"] },
            conditions: {
              type: "array",
              items: condition,
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["type"],
              "x-kubernetes-patch-strategy": "merge",
              "x-kubernetes-patch-merge-key": "type",
            },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

/** Who empties namespaces takes it off when nothing is left. */
export const contentFinalizer = "kubernetes";
/** Names of the namespaces that are being deleted: whoever deletes something in one asks for it. */
export const terminatingIndex = "terminatingNamespace";

export type Namespace = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const namespaces: ResourceDefinition<Namespace> = {
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  scope: "Cluster",
  nameForm: "label",
  // The server's own, as long as nobody says something else.
  bare: { spec: { finalizers: ["kubernetes"] } },
  schema,
  statusSubresource: true,
  statusMetadata: true,
  finalizeSubresource: true,
  indexes: {
    [terminatingIndex]: ({ metadata }) => (metadata.deletionTimestamp === undefined ? [] : [metadata.name]),
  },
  selectableFields: ["status.phase"],
  printerColumns: [{ name: "Status", type: "string", jsonPath: ".status.phase" }],
  mutate: ({ object, operation }) => ({
    ...object,
    ...(operation === "CREATE" ? { spec: withContentFinalizer(object.spec) } : {}),
    metadata: {
      ...object.metadata,
      // What every cluster has and selectors by name rely on (Kubernetes 1.21 and later).
      labels: { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name },
    },
    status: {
      ...object.status,
      phase: object.metadata.deletionTimestamp === undefined ? "Active" : "Terminating",
    },
  }),
  validate: (context) => {
    const { operation, object } = context;
    const { spec } = object;
    if (operation === "DELETE") return [];
    const errors: FieldError[] = [];
    for (const [index, finalizer] of (spec?.finalizers ?? []).entries()) {
      // Kubernetes names the place in the list in updates alone.
      const field = operation === "CREATE" ? "spec.finalizers" : `spec.finalizers[${index}]`;
      if (!isQualifiedName(finalizer) || !(finalizer.includes("/") || standardFinalizers.includes(finalizer)))
        errors.push(
          invalid(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified"),
        );
    }
    return [...errors, ...namespaceRuleErrors(context)];
  },
};

function withContentFinalizer({ finalizers = [], ...spec }: Namespace["spec"] = {}): NonNullable<
  Namespace["spec"]
> {
  const all = finalizers.includes(contentFinalizer) ? finalizers : [...finalizers, contentFinalizer];
  return { ...spec, finalizers: all };
}
