/** What the schema of its CustomResourceDefinition says against a resource, but for rules in CEL. Pure. */
import { embeddedErrors } from "../structural/embedded.ts";
import { listTypeErrors } from "../structural/list-types.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";
import { validate } from "../structural/validate.ts";

/** `old`: the resource that this one replaces; what it did wrong already is let pass, as Kubernetes does. */
export function resourceErrors(schema: JsonSchema, value: unknown, old?: unknown): FieldError[] {
  const wasUnique = old === undefined || listTypeErrors(schema, old).length === 0;
  return [
    ...validate(schema, value, old === undefined ? {} : { old }),
    ...embeddedErrors(schema, value),
    ...(wasUnique ? listTypeErrors(schema, value) : []),
  ];
}
