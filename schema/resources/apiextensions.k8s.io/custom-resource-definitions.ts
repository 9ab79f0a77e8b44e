/** apiextensions.k8s.io/v1 CustomResourceDefinition: types that users make (schema/custom turns them into declarations). */
import { builtInDefinition, hasDefinition } from "../../custom/built-in.ts";
import { headOf } from "../../custom/head.ts";
import { typeKey } from "../../resource.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FieldError } from "../../structural/types.ts";
import { forbidden } from "../names.ts";
import { crdErrors } from "./crd-rules.ts";
import { decodedVersions, schemaErrors, undecoded } from "./crd-schemas.ts";
import { statusOf } from "./crd-status.ts";
import { kindsAndResources } from "./crd-names.ts";
import {
  builtInAnnotation,
  crdFinalizer,
  crdKey,
  crdSchema,
  isConditionTrue,
} from "./custom-resource-definitions.schema.ts";
import { conflict } from "../../store/errors.ts";
import type { CrdNames, CustomResourceDefinition } from "./custom-resource-definitions.schema.ts";

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
  bare: { spec: { names: {} } },
  schema: crdSchema,
  undecoded,
  statusSubresource: true,
  conditionalUpdate: true,
  raises: "registry",
  unique: ["accepted"],
  deletionFinalizer: crdFinalizer,
  indexes: {
    accepted: acceptedNames,
    // By group: those that have yet to get a name.
    waiting: ({ spec, status }) => (isConditionTrue(status, "NamesAccepted") ? [] : [spec.group ?? ""]),
    // For the registry, which must not parse schemas to know what there is.
    head: (crd) => (markOf(crd) === undefined ? [JSON.stringify(headOf(crd))] : []),
    builtIn: (crd) => markOf(crd) ?? [],
  },
  mutate,
  validate,
};

/** Each name in force, with its group: what no other CustomResourceDefinition may have. */
export function acceptedNames({ spec, status }: CustomResourceDefinition): string[] {
  return indexed(spec.group ?? "", status?.acceptedNames ?? {});
}

function indexed(group: string, names: CrdNames): string[] {
  const { resources, kinds } = kindsAndResources(names);
  return [
    ...resources.map((name) => `${group}/resource/${name}`),
    ...kinds.map((name) => `${group}/kind/${name}`),
  ];
}

function markOf({ metadata }: CustomResourceDefinition): [string] | undefined {
  const mark = metadata.annotations?.[builtInAnnotation];
  return mark === undefined ? undefined : [mark];
}

async function mutate(context: Context): Promise<CustomResourceDefinition> {
  const { object, now } = context;
  const own = declaredType(context);
  if (own !== undefined) {
    const standing = { ...object, metadata: marked(context), spec: builtInDefinition(own).spec };
    return { ...standing, status: statusOf(standing, [], timestamp(now())) };
  }
  const { names = {} } = object.spec;
  const { kind = "", singular = "", listKind = "" } = names;
  const defaulted: CustomResourceDefinition = {
    ...object,
    metadata: marked({ ...context, old: undefined, actor: { server: undefined } }),
    spec: {
      ...object.spec,
      names: {
        ...names,
        ...(singular === "" && kind !== "" ? { singular: kind.toLowerCase() } : {}),
        ...(listKind === "" && kind !== "" ? { listKind: `${kind}List` } : {}),
      },
      versions: decodedVersions(object.spec),
      conversion: object.spec.conversion ?? { strategy: "None" },
    },
  };
  const others = await rivals({ ...context, object: defaulted });
  return { ...defaulted, status: statusOf(defaulted, others, timestamp(now())) };
}

/** The type that is declared under this name and has a CustomResourceDefinition to stand for it. */
function declaredType({
  object,
  declared,
}: Pick<Context, "object" | "declared">): ResourceDefinition | undefined {
  const type = declared(object.metadata.name);
  return type !== undefined && hasDefinition(type) ? type : undefined;
}

/** The mark of what stands for a declared type is the server's alone. */
function marked({
  object,
  old,
  actor,
}: Pick<Context, "object"> & {
  readonly old?: CustomResourceDefinition | undefined;
  readonly actor: { readonly server?: true | undefined };
}): CustomResourceDefinition["metadata"] {
  const { [builtInAnnotation]: given, ...annotations } = object.metadata.annotations ?? {};
  const mark = actor.server === true ? given : old?.metadata.annotations?.[builtInAnnotation];
  const { annotations: _, ...metadata } = object.metadata;
  if (mark !== undefined) annotations[builtInAnnotation] = mark;
  return Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
}

/** Those that have a name which this one wants. */
async function rivals({
  object,
  lookupByIndex,
}: Pick<Context, "object" | "lookupByIndex">): Promise<CustomResourceDefinition[]> {
  const { group = "", names = {} } = object.spec;
  const wanted = indexed(group, names);
  const found = await Promise.all(wanted.map((name) => lookupByIndex(crdKey, "accepted", name)));
  return (found.flat() as CustomResourceDefinition[]).filter(
    ({ metadata }) => metadata.name !== object.metadata.name,
  );
}

async function validate(context: Context): Promise<FieldError[]> {
  const { operation, object, old, declared } = context;
  const own = declaredType(context) !== undefined;
  if (operation === "DELETE")
    return own ? [forbidden("metadata.name", "this type is built into Drover")] : [];
  if (own) return [];
  // The status was made before the generations of its names were read: somebody may have taken one in between.
  const mine = acceptedNames(object);
  const theirs = (await rivals(context)).flatMap(acceptedNames);
  if (mine.some((name) => theirs.includes(name)))
    throw conflict(customResourceDefinitions, object.metadata.name);
  const errors = crdErrors(object, old);
  const { group = "", names = {} } = object.spec;
  const taken = declared(typeKey({ group, plural: names.plural ?? "" }));
  if (taken !== undefined) errors.push(forbidden("metadata.name", "this type is built into Drover"));
  errors.push(...schemaErrors(object, old));
  return errors;
}

/** RFC 3339 in whole seconds. */
function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
