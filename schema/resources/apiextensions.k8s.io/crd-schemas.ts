/** The schemas of a CustomResourceDefinition: decoded as Kubernetes' own type would be, and judged. Pure. */
import { customSchemaErrors } from "../../custom/schema-errors.ts";
import { SchemaShapeError, decodeSchema } from "../../structural/schema-props.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid } from "../names.ts";
import { partPath, selectableErrors } from "./crd-version-rules.ts";
import type { CrdSpec, CrdVersion, CustomResourceDefinition } from "./custom-resource-definitions.schema.ts";

/** Without members that no schema has; one that cannot be decoded stays for `schemaErrors` to name. */
export function decodedVersions({ versions = [] }: CrdSpec): CrdVersion[] {
  return versions.map((given) => {
    const version = { ...given, served: given.served ?? false, storage: given.storage ?? false };
    const { schema } = version;
    if (schema?.openAPIV3Schema === undefined) return version;
    const decoded = decode(schema.openAPIV3Schema);
    if ("problem" in decoded) return version;
    return { ...version, schema: { ...schema, openAPIV3Schema: decoded.schema as Record<string, unknown> } };
  });
}

/** What cannot be decoded, in a part that no structural schema describes: `problem` as Go says it, and members without a meaning. */
export function undecoded(crd: object): { readonly problem?: string; readonly unknown: readonly string[] } {
  const { versions } = (crd as Partial<CustomResourceDefinition>).spec ?? {};
  const unknown: string[] = [];
  try {
    for (const [index, version] of (versions ?? []).entries()) {
      const given = version.schema?.openAPIV3Schema;
      const path = `spec.versions[${index}].schema.openAPIV3Schema`;
      if (given !== undefined) decodeSchema(given, path, (at) => unknown.push(at));
    }
  } catch (error) {
    if (error instanceof SchemaShapeError)
      return { problem: `json: cannot unmarshal: ${error.message}`, unknown };
    throw error;
  }
  return { unknown };
}

/** A schema that is as it was is not judged again: it may come from an older version of Drover. */
export function schemaErrors(
  { spec }: CustomResourceDefinition,
  old?: CustomResourceDefinition,
): FieldError[] {
  const { versions = [] } = spec;
  return versions.flatMap((version, index) => {
    const { name, schema, subresources, selectableFields } = version;
    const given = schema?.openAPIV3Schema;
    if (given === undefined) return [];
    const before = old?.spec.versions?.find((one) => one.name === name);
    if (before !== undefined && sameRules(before, version)) return [];
    const at = partPath(versions, index, "schema");
    if (at === undefined) return [];
    const path = `${at}.openAPIV3Schema`;
    const decoded = decode(given);
    if ("problem" in decoded) return [invalid(path, null, decoded.problem)];
    const errors = customSchemaErrors(decoded.schema, path, {
      statusSubresource: subresources?.status !== undefined,
    });
    if (errors.length > 0) return errors;
    return selectableErrors(
      selectableFields,
      decoded.schema as JsonSchema,
      partPath(versions, index, "selectableFields") ?? `spec.versions[${index}].selectableFields`,
    );
  });
}

function sameRules(a: CrdVersion, b: CrdVersion): boolean {
  const rules = ({ schema, subresources, selectableFields }: CrdVersion): string =>
    JSON.stringify([schema, subresources?.status, selectableFields]);
  return rules(a) === rules(b);
}

function decode(
  given: object,
): { readonly schema: ReturnType<typeof decodeSchema> } | { readonly problem: string } {
  try {
    return { schema: decodeSchema(given) };
  } catch (error) {
    if (error instanceof SchemaShapeError) return { problem: error.message };
    throw error;
  }
}
