/** Query parameters of writes (metav1.CreateOptions and such), and what strict field validation makes of a body. Pure. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { fieldManagerErrors } from "../../../../schema/apply/field-manager.ts";
import { forbidden, notSupported, required } from "../../../../schema/resources/names.ts";
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

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions" | "ListOptions";

/** Throws `Invalid`. Kubernetes' default for `fieldValidation` is Warn. */
export function parseWriteQuery(query: URLSearchParams, kind: OptionsKind, apply = false): WriteQuery {
  const fieldManager = query.get("fieldManager") ?? "";
  const force = parseForce(query.get("force"));
  const errors: FieldError[] = [];
  if (apply && fieldManager === "") errors.push(required("fieldManager", "is required for apply patch"));
  if (!apply && kind === "PatchOptions" && force !== undefined)
    errors.push(forbidden("force", "may not be specified for non-apply patch"));
  errors.push(...fieldManagerErrors(fieldManager));
  const dryRun = query.getAll("dryRun");
  errors.push(...dryRunErrors(dryRun));
  const asked = query.get("fieldValidation") ?? "";
  const fieldValidation = asked === "" ? "Warn" : validations.find((one) => one === asked);
  if (fieldValidation === undefined)
    errors.push(notSupported("fieldValidation", asked, ["", ...validations]));
  if (errors.length > 0 || fieldValidation === undefined) throw invalidOptions(kind, errors);
  return { dryRun: dryRun.length > 0, fieldValidation, fieldManager, force };
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((one) => one === "All") ? [] : [notSupported("dryRun", values, ["All"])];
}

/** A hostile body must not make an answer of a million paths. */
const maxPaths = 100;

const validations = ["Ignore", "Strict", "Warn"] as const;

/** As Kubernetes reads booleans of queries: empty is absent, and false is what says so. */
function parseForce(text: string | null): boolean | undefined {
  if (text === null || text === "") return undefined;
  return !["false", "0"].includes(text.toLowerCase());
}

/** Of options of a request, not of an object. */
export function invalidOptions(kind: OptionsKind, errors: readonly FieldError[]): ApiError {
  const { message, causes = [] } = invalidObject({ group: "meta.k8s.io", plural: "", kind }, "", errors);
  return new ApiError("Invalid", message, {
    causes,
    subject: { definition: { group: "meta.k8s.io", plural: "", kind } },
  });
}

/** Warnings about unknown members, `more`, and what a body says of doubled ones. Throws `BadRequest` where the client asked for strictness. */
export function fieldWarnings(
  definition: ResourceDefinition,
  object: unknown,
  duplicates: readonly string[],
  fieldValidation: FieldValidation,
  more: readonly string[] = [],
): string[] {
  if (fieldValidation === "Ignore") return [];
  const unknown = [
    ...unknownFields(objectSchema(definition), object),
    ...(typeof object === "object" && object !== null ? (definition.undecoded?.(object).unknown ?? []) : []),
  ].slice(0, maxPaths);
  const problems = [
    // What a user's schema does not know, kube-apiserver names in the order of the letters, after metadata's.
    ...(definition.custom === undefined ? unknown : metadataFirst(unknown)).map(
      (path) => `unknown field ${JSON.stringify(path)}`,
    ),
    ...more,
  ];
  const ofYaml = duplicates.filter((problem) => problem.startsWith("line "));
  const others = [...problems, ...duplicates.filter((problem) => !problem.startsWith("line "))];
  if (others.length + ofYaml.length === 0 || fieldValidation === "Warn") return [...ofYaml, ...others];
  const lines = ofYaml.length === 0 ? [] : [["yaml: unmarshal errors:", ...ofYaml].join("\n  ")];
  throw unreadable(definition, `strict decoding error: ${[...lines, ...others].join(", ")}`);
}

function metadataFirst(paths: readonly string[]): string[] {
  const isMetadata = (path: string): number => (path.startsWith("metadata.") ? 0 : 1);
  return paths.toSorted((a, b) => isMetadata(a) - isMetadata(b) || (a < b ? -1 : 1));
}

/** In Kubernetes' words, which name the version without its group. */
export function unreadable(
  { kind, version }: Pick<ResourceDefinition, "kind" | "version">,
  why: string,
): ApiError {
  return new ApiError(
    "BadRequest",
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`,
  );
}
