/** `status.conditions` as management.cattle.io/v3 types carry them; the type is `Condition` of schema/object.ts. */
import { once } from "../structural/once.ts";
import { object, string } from "../structural/shapes.ts";
import type { JsonSchema } from "../structural/types.ts";
import { timeSchema } from "./times.ts";

export const conditionsSchema = {
  type: "array",
  items: {
    type: "object",
    required: ["type", "status"],
    properties: {
      type: { type: "string" },
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      reason: { type: "string" },
      message: { type: "string" },
      lastUpdateTime: { type: "string" },
      lastTransitionTime: { type: "string" },
    },
  },
} as const satisfies JsonSchema;

/** The same, merged by type in server-side apply. */
export const conditionsByType = {
  ...conditionsSchema,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
} as const satisfies JsonSchema;

/** metav1.Condition, as newer types carry it. */
export const metaConditionsSchema = {
  type: "array",
  items: {
    type: "object",
    required: ["lastTransitionTime", "message", "reason", "status", "type"],
    properties: {
      type: {
        type: "string",
        maxLength: 316,
        pattern:
          "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
      },
      status: { type: "string", enum: ["True", "False", "Unknown"] },
      observedGeneration: { type: "integer", format: "int64", minimum: 0 },
      lastTransitionTime: timeSchema,
      reason: {
        type: "string",
        minLength: 1,
        maxLength: 1024,
        pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
      },
      message: { type: "string", maxLength: 32_768 },
    },
  },
} as const satisfies JsonSchema;

/** One condition of the types that Fleet and Rancher's provisioning write: nothing of it is restricted. */
export const plainCondition = once(() =>
  object(
    {
      type: string,
      status: string,
      reason: string,
      message: string,
      lastTransitionTime: string,
      lastUpdateTime: string,
    },
    ["status", "type"],
  ),
);
