/** `status` of bindings that take effect here and in clusters (GlobalRoleBinding, ClusterRoleTemplateBinding). */
import type { JsonSchema } from "../../structural/types.ts";
import { string } from "../../structural/shapes.ts";
import { metaConditionsSchema } from "../conditions.ts";

export const bindingStatusSchema = {
  type: "object",
  properties: {
    observedGenerationLocal: { type: "integer", format: "int64" },
    observedGenerationRemote: { type: "integer", format: "int64" },
    lastUpdateTime: string,
    summary: string,
    summaryLocal: string,
    summaryRemote: string,
    localConditions: metaConditionsSchema,
    remoteConditions: metaConditionsSchema,
  },
} as const satisfies JsonSchema;
