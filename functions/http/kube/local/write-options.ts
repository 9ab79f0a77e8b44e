/** Query parameters of writes (metav1.CreateOptions and such), and what strict field validation makes of a body. Pure. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { apiVersionOf } from "../../../../schema/resource.ts";
import { objectSchema } from "../../../../schema/resources/object-schema.ts";
import { unknownFields } from "../../../../schema/structural/unknown-fields.ts";
import { ApiError } from "../../errors.ts";

export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface WriteQuery {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

/** Throws `BadRequest`. Kubernetes' default for `fieldValidation` is Warn. */
export function parseWriteQuery(query: URLSearchParams): WriteQuery {
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All"))
    throw new ApiError(
      "BadRequest",
      `dryRun: Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`,
    );
  const fieldValidation = query.get("fieldValidation") ?? "";
  switch (fieldValidation) {
    case "":
      return { dryRun: dryRun.length > 0, fieldValidation: "Warn" };
    case "Strict":
    case "Warn":
    case "Ignore":
      return { dryRun: dryRun.length > 0, fieldValidation };
    default:
      throw new ApiError(
        "BadRequest",
        `fieldValidation: Unsupported value: ${JSON.stringify(fieldValidation)}: supported values: "Ignore", "Warn", "Strict"`,
      );
  }
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
