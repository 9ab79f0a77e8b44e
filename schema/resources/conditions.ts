/** `status.conditions` as management.cattle.io/v3 types carry them; the type is `Condition` of schema/object.ts. */
import type { JsonSchema } from "../structural/types.ts";

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
