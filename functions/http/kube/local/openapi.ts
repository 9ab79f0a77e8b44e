/**
 * OpenAPI v3 of the management objects, one document per group and version (`/openapi/v3`), from the declarations. kubectl
 * reads it for `explain`, and to learn that the server judges unknown fields: PATCH must list `fieldValidation`. Pure.
 */
import { apiVersionOf } from "../../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { objectMetaSchema } from "../../../../schema/resources/object-meta.ts";
import type { JsonSchema } from "../../../../schema/structural/types.ts";
import { deleteOptionsSchema } from "./delete-options.ts";
import { verbsOf } from "./discovery.ts";
import { scaleType } from "./scale-object.ts";

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const listMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const deleteOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/** A structural schema, or a reference to one of the document's own. */
export interface PublishedSchema extends Omit<
  JsonSchema,
  "properties" | "items" | "additionalProperties" | "allOf"
> {
  readonly $ref?: string;
  readonly allOf?: readonly PublishedSchema[];
  readonly properties?: Readonly<Record<string, PublishedSchema>>;
  readonly items?: PublishedSchema;
  readonly additionalProperties?: PublishedSchema | boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly object[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required?: boolean;
  readonly schema: { readonly type: string; readonly uniqueItems: boolean };
}

/** Bodies by media type. */
type Content = Readonly<Record<string, { readonly schema: PublishedSchema }>>;

export interface Operation {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly "x-kubernetes-action": string;
  readonly "x-kubernetes-group-version-kind": object;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

export type PathItem = Readonly<Partial<Record<"get" | "put" | "post" | "delete" | "patch", Operation>>> & {
  readonly parameters?: readonly Parameter[];
};

const metaSchemas: Readonly<Record<string, JsonSchema>> = {
  [listMeta]: {
    type: "object",
    properties: {
      continue: { type: "string" },
      remainingItemCount: { type: "integer", format: "int64" },
      resourceVersion: { type: "string" },
    },
  },
  [status]: {
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      code: { type: "integer", format: "int32" },
      message: { type: "string" },
      reason: { type: "string" },
      status: { type: "string" },
    },
  },
  [deleteOptions]: deleteOptionsSchema,
};

/** `api/v1`, `apis/management.cattle.io/v3`: where a document is found behind `/openapi/v3/`. */
export function openApiPaths(definitions: readonly ResourceDefinition[]): string[] {
  return [...new Set(definitions.map(groupVersionPath))].toSorted();
}

/** `undefined` where no declared type belongs to that path. `version` is Drover's. */
export function openApiDocument(
  definitions: readonly ResourceDefinition[],
  path: string,
  version: string,
): object | undefined {
  const own = definitions.filter((definition) => groupVersionPath(definition) === path);
  if (own.length === 0) return undefined;
  return {
    openapi: "3.0.0",
    info: { title: "Drover", version },
    paths: Object.assign({}, ...own.map(operationsOf)) as object,
    components: {
      schemas: {
        ...sharedSchemas(),
        ...(Object.assign({}, ...own.map(schemasOf)) as object),
      },
    },
  };
}

/** By name: what the schemas of all types refer to. */
export function sharedSchemas(): Readonly<Record<string, PublishedSchema>> {
  const { properties, ...schema } = objectMetaSchema();
  const creationTimestamp = {
    ...properties.creationTimestamp,
    description: "CreationTimestamp is a timestamp of the server's: when the object was made.",
  };
  return { ...metaSchemas, [objectMeta]: { ...schema, properties: { ...properties, creationTimestamp } } };
}

/** `apis/example.com/v1`. */
export function groupVersionPath(definition: Pick<ResourceDefinition, "group" | "version">): string {
  return `${definition.group === "" ? "api" : "apis"}/${apiVersionOf(definition)}`;
}

/** `io.k8s.api.core.v1.ConfigMap`, `io.cattle.management.v3.Cluster`: as Kubernetes names core types and custom ones. */
export function schemaName({
  group,
  version,
  kind,
}: Pick<ResourceDefinition, "group" | "version" | "kind">): string {
  if (group === "" || group === "autoscaling") return `io.k8s.api.${group || "core"}.${version}.${kind}`;
  return `${group.split(".").toReversed().join(".")}.${version}.${kind}`;
}

function gvkOf({ group, version }: Pick<ResourceDefinition, "group" | "version">, kind: string): object {
  return { group, kind, version };
}

/** By name: of the type, of its list, and of what its subresources take. */
export function schemasOf(definition: ResourceDefinition): Readonly<Record<string, PublishedSchema>> {
  const name = schemaName(definition);
  const { kind } = definition;
  return {
    [name]: withEnvelope(definition),
    [`${name}List`]: {
      type: "object",
      required: ["items"],
      properties: {
        ...envelope,
        metadata: { allOf: [ref(listMeta)], default: {} },
        items: { type: "array", items: { allOf: [ref(name)], default: {} } },
      },
      "x-kubernetes-group-version-kind": [gvkOf(definition, `${kind}List`)],
    },
    ...Object.fromEntries(
      [
        ...Object.values(definition.subresources ?? {}),
        ...(definition.scaleSubresource === undefined ? [] : [scaleType]),
      ].map((subresource) => [schemaName(subresource), withEnvelope(subresource)]),
    ),
  };
}

const envelope = {
  apiVersion: {
    type: "string",
    description: "APIVersion defines which version of its schema the object is written in.",
  },
  kind: { type: "string", description: "Kind is the type of the object." },
} as const;

function withEnvelope(
  type: Pick<ResourceDefinition, "group" | "version" | "kind" | "schema">,
): PublishedSchema {
  const { properties = {}, ...schema } = type.schema();
  return {
    ...schema,
    properties: {
      ...envelope,
      metadata: { allOf: [ref(objectMeta)], default: {}, description: "Standard object's metadata." },
      ...properties,
    },
    "x-kubernetes-group-version-kind": [gvkOf(type, type.kind)],
  };
}

/** By path. */
export function operationsOf(definition: ResourceDefinition): Readonly<Record<string, PathItem>> {
  const { plural, scope, kind } = definition;
  const name = schemaName(definition);
  const operation = (action: string, answers: string, more: Partial<Operation> = {}): Operation => ({
    tags: [groupVersionPath(definition).replaceAll("/", "_")],
    operationId: `${action}${kind}`,
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvkOf(definition, kind),
    responses: {
      "200": { description: "OK", content: json(ref(answers)) },
      ...Object.fromEntries(
        (alsoAnswered[action] ?? []).map(([code, description]) => [
          code,
          { description, content: json(ref(answers)) },
        ]),
      ),
      "401": { description: "Unauthorized" },
    },
    ...more,
  });
  const body = { requestBody: { required: true, content: json(ref(name)) } };
  const base = `/${groupVersionPath(definition)}`;
  const collection = scope === "Cluster" ? `${base}/${plural}` : `${base}/namespaces/{namespace}/${plural}`;
  const where = scope === "Cluster" ? [] : [pathParameter("namespace")];
  const one = {
    parameters: [...where, pathParameter("name")],
    get: operation("get", name),
    put: operation("put", name, { ...body, parameters: writeParameters }),
    patch: operation("patch", name, {
      parameters: [...writeParameters, query("force", "boolean")],
      requestBody: {
        required: true,
        content: Object.fromEntries(
          patchTypes
            .filter((type) => definition.custom === undefined || !type.includes("strategic"))
            .map((type) => [type, { schema: { type: "object" } as const }]),
        ),
      },
    }),
  };
  const removal = {
    parameters: [query("dryRun"), query("propagationPolicy"), query("gracePeriodSeconds", "integer")],
    requestBody: { content: json(ref(deleteOptions)) },
  };
  const verbs = verbsOf(definition);
  const may = <T>(verb: string, items: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    verbs.includes(verb) ? items : {};
  return {
    [collection]: {
      ...(where.length === 0 ? {} : { parameters: where }),
      ...may("list", { get: operation("list", `${name}List`, { parameters: listParameters }) }),
      ...may("create", { post: operation("post", name, { ...body, parameters: writeParameters }) }),
      ...may("deletecollection", {
        delete: operation("deletecollection", status, { ...removal, parameters: listParameters }),
      }),
    },
    ...may("get", {
      [`${collection}/{name}`]: {
        parameters: one.parameters,
        get: one.get,
        ...may("update", { put: one.put }),
        ...may("patch", { patch: one.patch }),
        ...may("delete", { delete: operation("delete", status, removal) }),
      },
    }),
    ...(definition.statusSubresource === true ? { [`${collection}/{name}/status`]: one } : {}),
    ...(definition.scaleSubresource === undefined ? {} : { [`${collection}/{name}/scale`]: scalePath(one) }),
    ...(definition.finalizeSubresource === true
      ? { [`${collection}/{name}/finalize`]: { parameters: one.parameters, put: one.put } }
      : {}),
    ...Object.fromEntries(
      Object.entries(definition.subresources ?? {})
        .filter(([, { verbs }]) => verbs.includes("create"))
        .map(([subresource, answer]) => [
          `${collection}/{name}/${subresource}`,
          {
            parameters: one.parameters,
            post: operation("post", schemaName(answer), {
              operationId: `post${kind}${answer.kind}`,
              "x-kubernetes-group-version-kind": gvkOf(answer, answer.kind),
              parameters: writeParameters,
              requestBody: { required: true, content: json(ref(schemaName(answer))) },
            }),
          },
        ]),
    ),
    ...(scope === "Cluster" || !verbs.includes("list")
      ? {}
      : { [`${base}/${plural}`]: { get: operation("list", `${name}List`, { parameters: listParameters }) } }),
  };
}

/** The same operations, of a Scale. */
function scalePath({ parameters = [], get, put, patch }: PathItem): PathItem {
  const scale = json(ref(schemaName(scaleType)));
  const of = (operation: Operation): Operation => ({
    ...operation,
    operationId: `${operation.operationId}Scale`,
    "x-kubernetes-group-version-kind": gvkOf(scaleType, scaleType.kind),
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([code, answer]) => [
        code,
        answer.content === undefined ? answer : { ...answer, content: scale },
      ]),
    ),
  });
  return {
    parameters,
    ...(get && { get: of(get) }),
    ...(put && { put: of({ ...put, requestBody: { required: true, content: scale } }) }),
    ...(patch && { patch: of(patch) }),
  };
}

/** Besides 200. A PUT and an apply may create; a deletion that waits for something is only accepted. */
const alsoAnswered: Readonly<Record<string, readonly (readonly [code: string, description: string])[]>> = {
  post: [
    ["201", "Created"],
    ["202", "Accepted"],
  ],
  put: [["201", "Created"]],
  patch: [["201", "Created"]],
  delete: [["202", "Accepted"]],
};

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

const writeParameters = [query("dryRun"), query("fieldManager"), query("fieldValidation")];
const listParameters = [
  query("labelSelector"),
  query("fieldSelector"),
  query("limit", "integer"),
  query("continue"),
  query("resourceVersion"),
  query("resourceVersionMatch"),
  query("timeoutSeconds", "integer"),
  query("watch", "boolean"),
  query("allowWatchBookmarks", "boolean"),
  query("sendInitialEvents", "boolean"),
];

function query(name: string, type = "string"): Parameter {
  return { name, in: "query", schema: { type, uniqueItems: true } };
}

function pathParameter(name: string): Parameter {
  return { name, in: "path", required: true, schema: { type: "string", uniqueItems: true } };
}

function ref(name: string): PublishedSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function json(schema: PublishedSchema): Content {
  return { "application/json": { schema } };
}
