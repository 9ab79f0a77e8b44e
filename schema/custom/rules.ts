/** What is judged of a custom resource besides the shape of its members. */
import type { KubeObject } from "../object.ts";
import type { AdmissionContext } from "../resource.ts";
import { validate } from "../structural/engine.ts";
import { embeddedErrors } from "../structural/embedded.ts";
import { listTypeErrors } from "../structural/list-types.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";

/** `whole`: the version's schema as its CustomResourceDefinition has it, metadata included. */
export function customRules(whole: () => JsonSchema) {
  return ({ operation, object, old }: AdmissionContext): FieldError[] => {
    if (operation === "DELETE") return [];
    const schema = whole();
    const metadata = schema.properties?.["metadata"];
    const members = membersOf(object);
    // What was doubled before is let pass, as Kubernetes does.
    const wasUnique = old === undefined || listTypeErrors(schema, membersOf(old)).length === 0;
    return [
      ...(metadata === undefined ? [] : validate(metadata, object.metadata, { path: "metadata" })),
      ...embeddedErrors(schema, members),
      ...(wasUnique ? listTypeErrors(schema, members) : []),
    ];
  };
}

function membersOf({ apiVersion: _a, kind: _k, metadata: _m, ...members }: KubeObject): object {
  return members;
}
