/** What is judged of a custom resource besides the shape of its members. */
import { compileRules } from "../cel/rules.ts";
import { validateRules } from "../cel/validate-rules.ts";
import type { KubeObject } from "../object.ts";
import type { AdmissionContext } from "../resource.ts";
import { validate } from "../structural/engine.ts";
import { embeddedErrors } from "../structural/embedded.ts";
import { noField } from "../structural/field-error.ts";
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
    const errors = [
      ...(metadata === undefined ? [] : validate(metadata, object.metadata, { path: "metadata" })),
      ...embeddedErrors(schema, members),
      ...(wasUnique ? listTypeErrors(schema, members) : []),
    ];
    const unchecked = uncheckedNote(schema, errors);
    return [...errors, ...(unchecked ?? validateRules(compileRules(schema), object, old))];
  };
}

/** That these errors keep the schema's rules from being run; `undefined`: they do not, or there are none. */
export function uncheckedNote(
  schema: JsonSchema,
  errors: readonly FieldError[],
): readonly FieldError[] | undefined {
  const isBlocked = errors.some(({ reason }) => blocking.has(reason));
  return isBlocked && compileRules(schema) !== undefined ? [unchecked] : undefined;
}

/** Rules rely on what these errors say is not so. */
const blocking: ReadonlySet<FieldError["reason"]> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

const unchecked: FieldError = {
  reason: "FieldValueInvalid",
  field: noField,
  message:
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
};

function membersOf({ apiVersion: _a, kind: _k, metadata: _m, ...members }: KubeObject): object {
  return members;
}
