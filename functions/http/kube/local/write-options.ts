/** Query parameters of writes (metav1.CreateOptions and such), and what strict field validation makes of a body. Pure. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { apiVersionOf } from "../../../../schema/resource.ts";
import { fieldManagerErrors } from "../../../../schema/apply/field-manager.ts";
import { forbidden, required } from "../../../../schema/resources/names.ts";
import { objectSchema } from "../../../../schema/resources/object-schema.ts";
import { invalidObject } from "../../../../schema/store/errors.ts";
import type { FieldError } from "../../../../schema/structural/types.ts";
import { unknownFields } from "../../../../schema/structural/unknown-fields.ts";
import { ApiError } from "../../errors.ts";

export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface WriteQuery {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Empty: it is to be told from the User-Agent. */
  readonly fieldManager: string;
  /** Absent where the client says nothing of it. */
  readonly force: boolean | undefined;
}

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

/**
 * Throws `BadRequest`, and `Invalid` for a field manager that cannot be or a `force` that is out of place. Kubernetes'
 * default for `fieldValidation` is Warn.
 */
export function parseWriteQuery(query: URLSearchParams, kind: OptionsKind, apply = false): WriteQuery {
  const fieldManager = query.get("fieldManager") ?? "";
  const force = parseForce(query.get("force"));
  const errors: FieldError[] = [];
  if (apply && fieldManager === "") errors.push(required("fieldManager", "is required for apply patch"));
  if (!apply && kind === "PatchOptions" && force !== undefined)
    errors.push(forbidden("force", "may not be specified for non-apply patch"));
  errors.push(...fieldManagerErrors(fieldManager));
  if (errors.length > 0) throw invalidOptions(kind, errors);
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All"))
    throw new ApiError(
      "BadRequest",
      `dryRun: Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`,
    );
  const fieldValidation = query.get("fieldValidation") ?? "";
  switch (fieldValidation) {
    case "":
      return { dryRun: dryRun.length > 0, fieldValidation: "Warn", fieldManager, force };
    case "Strict":
    case "Warn":
    case "Ignore":
      return { dryRun: dryRun.length > 0, fieldValidation, fieldManager, force };
    default:
      throw new ApiError(
        "BadRequest",
        `fieldValidation: Unsupported value: ${JSON.stringify(fieldValidation)}: supported values: "Ignore", "Warn", "Strict"`,
      );
  }
}

/** As Kubernetes reads booleans of queries: empty is absent, and false is what says so. */
function parseForce(text: string | null): boolean | undefined {
  if (text === null || text === "") return undefined;
  return !["false", "0"].includes(text.toLowerCase());
}

/** Throws `Invalid`. */
function invalidOptions(kind: OptionsKind, errors: readonly FieldError[]): ApiError {
  const { message, causes = [] } = invalidObject({ group: "meta.k8s.io", plural: "", kind }, "", errors);
  return new ApiError("Invalid", message, {
    causes,
    subject: { definition: { group: "meta.k8s.io", plural: "", kind } },
  });
}

/** Warnings about unknown and doubled members. Throws `BadRequest` where the client asked for strictness. */
export function fieldWarnings(
  definition: ResourceDefinition,
  object: unknown,
  duplicates: readonly string[],
  fieldValidation: FieldValidation,
): string[] {
  if (fieldValidation === "Ignore") return [];
  const problems = [
    ...unknownFields(objectSchema(definition), object).map((path) => `unknown field ${JSON.stringify(path)}`),
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
  ];
  if (problems.length === 0 || fieldValidation === "Warn") return problems;
  const { kind } = definition;
  throw new ApiError(
    "BadRequest",
    `${kind} in version ${JSON.stringify(apiVersionOf(definition))} cannot be handled as a ${kind}: strict decoding error: ${problems.join(", ")}`,
  );
}
