/** management.cattle.io/v3 Feature: a flag. In force is the locked value, else the chosen one, else the default. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { forbidden } from "../names.ts";
import { isServerItself } from "../server-actor.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: { type: "object", properties: { value: { type: "boolean", nullable: true } } },
        status: {
          type: "object",
          properties: {
            default: boolean,
            /** A change holds at once, not after a restart. Ours all do. */
            dynamic: boolean,
            description: string,
            lockedValue: { type: "boolean", nullable: true },
            prime: boolean,
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type Feature = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const features: ResourceDefinition<Feature> = {
  ...management,
  kind: "Feature",
  plural: "features",
  singular: "feature",
  scope: "Cluster",
  schema,
  printerColumns: [
    column("Custom Value", ".spec.value"),
    column("Default", ".status.default"),
    column("Description", ".status.description"),
  ],
  validate,
};

/** The value in force, `false` for a feature that says nothing. */
export function featureValue({ spec, status }: Pick<Feature, "spec" | "status">): boolean {
  return status?.lockedValue ?? spec?.value ?? status?.default ?? false;
}

function validate({ operation, object, old, actor }: AdmissionContext<Feature>): FieldError[] {
  if (isServerItself(actor)) return [];
  // `status` says what the flag is; there is no subresource that would keep it from its writers.
  if (operation === "CREATE" && object.status !== undefined)
    return [forbidden("status", "only the server says what a flag is")];
  if (operation !== "UPDATE") return [];
  const errors =
    JSON.stringify(object.status ?? {}) === JSON.stringify(old?.status ?? {})
      ? []
      : [forbidden("status", "only the server says what a flag is")];
  const locked = old?.status?.lockedValue ?? undefined;
  const value = object.spec?.value ?? undefined;
  const changed = value !== (old?.spec?.value ?? undefined);
  if (locked !== undefined && changed && value !== locked)
    errors.push(forbidden("spec.value", `the flag is locked to ${locked}`));
  return errors;
}
