/** What is judged of a custom resource besides its structural schema. */
import type { AdmissionContext } from "../resource.ts";
import { validate } from "../structural/engine.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";

/** `whole`: the version's schema as its CustomResourceDefinition has it, metadata included. */
export function customRules(whole: () => JsonSchema) {
  return ({ operation, object }: AdmissionContext): FieldError[] => {
    if (operation === "DELETE") return [];
    const metadata = whole().properties?.["metadata"];
    return metadata === undefined ? [] : validate(metadata, object.metadata, { path: "metadata" });
  };
}
