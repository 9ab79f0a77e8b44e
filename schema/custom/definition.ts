/** From a user's CustomResourceDefinition to declarations as built-in types have them, one for each version. Pure. */
import { apiVersionOf } from "../resource.ts";
import type { CustomType, PrinterColumn, ResourceDefinition, ScaleSubresource } from "../resource.ts";
import type { CustomResourceDefinition } from "../resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { once } from "../structural/once.ts";
import type { JsonSchema } from "../structural/types.ts";
import type { CrdHead } from "./head.ts";
import { customRules, uncheckedNote } from "./rules.ts";
import { scaleErrors } from "./scale-errors.ts";
import { compareVersions } from "./version-order.ts";

/** A row of a CustomResourceDefinition, as the registry keeps it. */
export interface CrdRow {
  readonly name: string;
  readonly revision: number;
  /** JSON text of the object. Parsed when a schema is first asked for. */
  readonly body: string;
  /** JSON text of its `CrdHead`. */
  readonly head: string;
}

export interface CustomDefinitions {
  /** In the order of the object. */
  readonly served: readonly ResourceDefinition[];
  /** In the version that it is stored in, served or not. */
  readonly stored: ResourceDefinition;
}

/** `undefined` for one whose names are not accepted. `generation`: how often a type of this name was written. */
export function definitionsOf(row: CrdRow, generation: number): CustomDefinitions | undefined {
  const head = JSON.parse(row.head) as CrdHead;
  if (!head.established) return undefined;
  const storage = head.spec.versions.find((version) => version.storage === true);
  if (storage === undefined) return undefined;
  const parsed = once(() => JSON.parse(row.body) as CustomResourceDefinition);
  const inVersion = (apiVersion: string): ResourceDefinition | undefined =>
    all.find(({ version, definition }) => version.served === true && apiVersionOf(definition) === apiVersion)
      ?.definition;
  const schemaOf = (apiVersion: string): JsonSchema | undefined =>
    all.find(({ definition }) => apiVersionOf(definition) === apiVersion)?.definition.schema();
  const all = head.spec.versions.map((version) => {
    const whole = once(() => rootSchema(parsed(), version.name ?? ""));
    return {
      version,
      definition: definitionOf(row, head, version, { whole, storage, generation, schemaOf, inVersion }),
    };
  });
  const stored = all.find(({ version }) => version === storage)?.definition;
  if (stored === undefined) return undefined;
  return {
    served: all.filter(({ version }) => version.served === true).map(({ definition }) => definition),
    stored,
  };
}

type HeadVersion = CrdHead["spec"]["versions"][number];

interface Origin {
  readonly whole: () => JsonSchema;
  readonly storage: HeadVersion;
  readonly generation: number;
  readonly schemaOf: CustomType["schemaOf"];
  readonly inVersion: CustomType["inVersion"];
}

function definitionOf(
  { name, revision }: CrdRow,
  { spec, terminating }: CrdHead,
  version: HeadVersion,
  { whole, storage, generation, schemaOf, inVersion }: Origin,
): ResourceDefinition {
  const { group = "", names = {}, scope } = spec;
  const { plural = "", kind = "", singular = kind.toLowerCase(), listKind, shortNames, categories } = names;
  const { name: versionName = "", subresources, additionalPrinterColumns, selectableFields } = version;
  const deprecation = deprecationOf(version, { ...spec, group, kind });
  const custom: CustomType = {
    expects: { [typeGeneration(name)]: generation },
    storedAs: `${group}/${storage.name ?? ""}`,
    schemaOf,
    unchecked: (errors) => uncheckedNote(whole(), errors) ?? [],
    inVersion,
    since: revision,
    terminating,
    ...(deprecation === undefined ? {} : { deprecation }),
  };
  const rules = customRules(whole);
  const scale = subresources?.scale === undefined ? undefined : scaleOf(subresources.scale);
  return {
    group,
    version: versionName,
    kind,
    plural,
    singular,
    scope: scope === "Cluster" ? "Cluster" : "Namespaced",
    schema: once(() => withoutEnvelope(whole())),
    ...(listKind === undefined ? {} : { listKind }),
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
    ...(subresources?.status === undefined ? {} : { statusSubresource: true }),
    ...(scale === undefined ? {} : { scaleSubresource: scale }),
    ...(additionalPrinterColumns === undefined
      ? {}
      : { printerColumns: additionalPrinterColumns as readonly PrinterColumn[] }),
    ...(selectableFields === undefined
      ? {}
      : { selectableFields: selectableFields.map(({ jsonPath = "" }) => dotted(jsonPath)) }),
    conditionalUpdate: true,
    validate: (context) =>
      scale === undefined || context.operation === "DELETE"
        ? rules(context)
        : [...scaleErrors(context, scale), ...rules(context)],
    custom,
  };
}

/** The generation that every write of the CustomResourceDefinition `name` raises, and writes of its objects expect. */
export function typeGeneration(name: string): string {
  return `registry:${name}`;
}

/** Kubernetes' default names the version to use, if there is a newer one that is not deprecated itself. */
function deprecationOf(
  { name = "", deprecated, deprecationWarning }: HeadVersion,
  {
    group,
    kind,
    versions,
  }: Pick<CrdHead["spec"], "versions"> & { readonly group: string; readonly kind: string },
): string | undefined {
  if (deprecated !== true) return undefined;
  const [newer] = versions
    .filter((version) => version.served === true && version.deprecated !== true)
    .map((version) => version.name ?? "")
    .filter((other) => compareVersions(other, name) < 0)
    .toSorted(compareVersions);
  const use = newer === undefined ? "" : `; use ${group}/${newer} ${kind}`;
  return deprecationWarning ?? `${group}/${name} ${kind} is deprecated${use}`;
}

function scaleOf(scale: NonNullable<NonNullable<HeadVersion["subresources"]>["scale"]>): ScaleSubresource {
  const { specReplicasPath = "", statusReplicasPath = "", labelSelectorPath = "" } = scale;
  return {
    specReplicasPath,
    statusReplicasPath,
    ...(labelSelectorPath === "" ? {} : { labelSelectorPath }),
  };
}

/** `.spec.replicas` → `spec.replicas`. */
function dotted(path: string): string {
  return path.replace(/^\./, "");
}

function rootSchema({ spec }: CustomResourceDefinition, version: string): JsonSchema {
  const found = (spec.versions ?? []).find(({ name }) => name === version);
  return found?.schema?.openAPIV3Schema ?? { type: "object" };
}

const envelope = ["apiVersion", "kind", "metadata"];

/** Without what every object has: the store judges that by itself. */
function withoutEnvelope({ properties, required, ...schema }: JsonSchema): JsonSchema {
  const own = Object.entries(properties ?? {}).filter(([name]) => !envelope.includes(name));
  const wanted = (required ?? []).filter((name) => !envelope.includes(name));
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(own) }),
    ...(wanted.length === 0 ? {} : { required: wanted }),
  };
}
