/** coordination.k8s.io/v1 Lease: leader election and heartbeats. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, invalid } from "../names.ts";
import { isQualifiedName } from "../qualified-name.ts";
import { canonicalMicroTime, microTimeSchema } from "../times.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            holderIdentity: { type: "string" },
            leaseDurationSeconds: { type: "integer", format: "int32" },
            acquireTime: microTimeSchema,
            renewTime: microTimeSchema,
            leaseTransitions: { type: "integer", format: "int32" },
            strategy: { type: "string" },
            preferredHolder: { type: "string" },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type Lease = KubeObject & FromSchema<ReturnType<typeof schema>>;
type LeaseSpec = NonNullable<Lease["spec"]>;

/** The one that Kubernetes defines; others need a prefix. */
const knownStrategy = "OldestEmulationVersion";

export const leases: ResourceDefinition<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  singular: "lease",
  scope: "Namespaced",
  bare: { spec: {} },
  createOnUpdate: true,
  conditionalUpdate: true,
  schema,
  mutate: ({ object }) => {
    if (object.spec === undefined) return { ...object, spec: {} };
    const { acquireTime, renewTime } = object.spec;
    const spec = {
      ...object.spec,
      ...(acquireTime && { acquireTime: canonicalMicroTime(acquireTime) ?? acquireTime }),
      ...(renewTime && { renewTime: canonicalMicroTime(renewTime) ?? renewTime }),
    };
    return { ...object, spec };
  },
  validate: ({ operation, object: { spec = {} } }) =>
    operation === "DELETE" ? [] : [...specErrors(spec), ...strategyErrors(spec)],
};

function specErrors({
  leaseDurationSeconds,
  leaseTransitions,
  acquireTime,
  renewTime,
}: LeaseSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0)
    errors.push(invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  if (leaseTransitions !== undefined && leaseTransitions < 0)
    errors.push(invalid("spec.leaseTransitions", leaseTransitions, "must be greater than or equal to 0"));
  for (const [field, value] of Object.entries({ acquireTime, renewTime }))
    if (value !== undefined && canonicalMicroTime(value) === undefined)
      errors.push(invalid(`spec.${field}`, value, "must be an RFC 3339 time with six digits of a second"));
  return errors;
}

function strategyErrors({ strategy, preferredHolder = "" }: LeaseSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (strategy?.includes("/") === true) {
    if (!isQualifiedName(strategy))
      errors.push(invalid("spec.strategy", strategy, "must be a qualified name"));
  } else if (strategy !== undefined && strategy !== knownStrategy)
    errors.push({
      reason: "FieldValueNotSupported",
      field: "spec.strategy",
      message: `Unsupported value: ${JSON.stringify(strategy)}: supported values: "${knownStrategy}"`,
    });
  if (preferredHolder !== "" && (strategy ?? "") === "")
    errors.push(forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"));
  return errors;
}
