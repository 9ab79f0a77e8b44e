/** apiextensions.k8s.io/v1 CustomResourceDefinition: types that users make (schema/custom turns them into declarations). */
import { headOf } from "../../custom/head.ts";
import { typeKey } from "../../resource.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden } from "../names.ts";
import { crdErrors } from "./crd-rules.ts";
import { statusOf } from "./crd-status.ts";
import { selectableErrors } from "./crd-version-rules.ts";
import { builtInAnnotation, crdFinalizer, crdKey, crdSchema } from "./custom-resource-definitions.schema.ts";
import type { CustomResourceDefinition } from "./custom-resource-definitions.schema.ts";

type Context = AdmissionContext<CustomResourceDefinition>;

export const customResourceDefinitions: ResourceDefinition<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  scope: "Cluster",
  schema: crdSchema,
  statusSubresource: true,
  raises: "registry",
  indexes: {
    group: ({ spec }) => [spec.group ?? ""],
    // For the registry, which must not parse schemas to know what there is.
    head: (crd) => (isBuiltIn(crd) ? [] : [JSON.stringify(headOf(crd))]),
  },
  mutate,
  validate,
};

function isBuiltIn({ metadata }: CustomResourceDefinition): boolean {
  return metadata.annotations?.[builtInAnnotation] !== undefined;
}

async function mutate(context: Context): Promise<CustomResourceDefinition> {
  const { operation, object, now } = context;
  const { names = {} } = object.spec;
  const { kind = "", singular = "", listKind = "" } = names;
  const finalizers = object.metadata.finalizers ?? [];
  const defaulted: CustomResourceDefinition = {
    ...object,
    metadata:
      operation === "CREATE" && !finalizers.includes(crdFinalizer)
        ? { ...object.metadata, finalizers: [...finalizers, crdFinalizer] }
        : object.metadata,
    spec: {
      ...object.spec,
      names: {
        ...names,
        ...(singular === "" && kind !== "" ? { singular: kind.toLowerCase() } : {}),
        ...(listKind === "" && kind !== "" ? { listKind: `${kind}List` } : {}),
      },
      conversion: object.spec.conversion ?? { strategy: "None" },
    },
  };
  const others = await neighbours(context);
  return { ...defaulted, status: statusOf(defaulted, others, timestamp(now())) };
}

/** Of the same group. */
async function neighbours({ object, lookupByIndex }: Context): Promise<CustomResourceDefinition[]> {
  const found = await lookupByIndex(crdKey, "group", object.spec.group ?? "");
  return found.filter(({ metadata }) => metadata.name !== object.metadata.name) as CustomResourceDefinition[];
}

function validate({ operation, object, old, declared }: Context): FieldError[] {
  if (operation === "DELETE") return [];
  const errors = crdErrors(object, old);
  const { group = "", names = {} } = object.spec;
  const taken = declared(typeKey({ group, plural: names.plural ?? "" }));
  if (taken !== undefined) errors.push(forbidden("metadata.name", "this type is built into Drover"));
  for (const [index, version] of (object.spec.versions ?? []).entries()) {
    const schema = (version.schema?.openAPIV3Schema ?? {}) as JsonSchema;
    errors.push(
      ...selectableErrors(version.selectableFields, schema, `spec.versions[${index}].selectableFields`),
    );
  }
  return errors;
}

/** RFC 3339 in whole seconds. */
function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
