/**
 * What of an OpenAPI document is fuzzed, and what else is valid than it says: it describes objects as they are answered, and a
 * few things are taken that never come back. Pure.
 */

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly responses?: Readonly<Record<string, unknown>>;
}

interface Parameter {
  readonly name: string;
  readonly schema?: object;
}

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

type PathItem = Readonly<Record<string, unknown>> & { readonly parameters?: readonly Parameter[] };

/** The first ones make a list a watch, which answers for as long as it is told to; a dry run would leave nothing to be found. */
const leftOut = ["watch", "allowWatchBookmarks", "sendInitialEvents", "timeoutSeconds", "dryRun"];

/** To delete them all would delete the fuzzer's own rights. */
const rights =
  /\/(?:tokens|users|authconfigs|globalroles|globalrolebindings|clusterroles|clusterrolebindings|namespaces|settings|features)$/;

/** Schemathesis also sends what a path does not name. Not DELETE: see `rights`. */
export const unexpectedMethods = ["OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

export function documentFor<T extends OpenApi>(document: T): T {
  const { schemas: described = {} } = document.components ?? {};
  const stores = Object.values(document.paths).some((item) => "get" in item);
  const isExtension = Object.keys(described).some((name) => name.startsWith("io.cattle.ext."));
  const paths = Object.entries(document.paths).map(([path, item]) => [path, pathFor(path, item)]);
  const schemas = Object.entries(described).map(([name, schema]) => {
    if (isExtension) return [name, asTaken(withKind(withoutStatus(withoutRequired(schema))), isGoType(name))];
    const isQuestion = !stores && name.endsWith(".ObjectMeta");
    return [name, asTaken(withKind(isQuestion ? withoutRequired(schema) : schema), isGoType(name))];
  });
  return {
    ...document,
    paths: Object.fromEntries(paths) as T["paths"],
    components: { ...document.components, schemas: Object.fromEntries(schemas) as Record<string, Schema> },
  };
}

function pathFor(path: string, { parameters = [], ...item }: PathItem): PathItem {
  const kept = Object.entries(item)
    .filter(([method]) => !(method === "delete" && rights.test(path)))
    .map(([method, operation]) => [method, operationFor(operation as Operation)]);
  return { ...Object.fromEntries(kept), parameters: operationFor({ parameters }).parameters ?? [] };
}

function operationFor<T extends Operation>(operation: T): T {
  const parameters = (operation.parameters ?? [])
    .filter(({ name }) => !leftOut.includes(name))
    .map((parameter) =>
      parameter.name === "fieldValidation"
        ? { ...parameter, schema: { type: "string", enum: ["", "Ignore", "Strict", "Warn"] } }
        : parameter,
    );
  // Kubernetes describes no errors.
  const responses = { ...operation.responses, "4XX": { description: "Refused" } };
  return { ...operation, parameters, responses };
}

/** Upstream has Go structs for them, and so have we rules that take what Go takes. */
function isGoType(name: string): boolean {
  return name.startsWith("io.k8s.") || name.startsWith("io.cattle.ext.");
}

/** Nothing else than its own kind gets beyond the first look at an object. */
function withKind(schema: Schema): Schema {
  const [type, ...others] = schema["x-kubernetes-group-version-kind"] ?? [];
  if (type === undefined || others.length > 0) return schema;
  const { group, version, kind } = type;
  const kubernetes = ["", "autoscaling", "ext.cattle.io"].includes(group) || group.endsWith(".k8s.io");
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const own = (text: string): Schema => ({ type: "string", enum: kubernetes ? ["", text, null] : [text] });
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { type: "string", enum: ["", apiVersion, null] },
      kind: own(kind),
    },
    ...(kubernetes ? {} : { required: [...(schema.required ?? []), "kind"] }),
  };
}

/** Nobody looks at the status that a client sends of Rancher's extensions. */
function withoutStatus(schema: Schema): Schema {
  const { properties = {} } = schema;
  return "status" in properties ? { ...schema, properties: { ...properties, status: {} } } : schema;
}

/** Of a question, nobody looks at the metadata. */
function withoutRequired(schema: Schema): Schema {
  const { properties, items } = schema;
  return {
    ...schema,
    required: [],
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [name, withoutRequired(one)]),
      ),
    }),
    ...(items && { items: withoutRequired(items) }),
  };
}

/** A null is as good as nothing; in a list only where Go makes an empty item of it. */
function asTaken(schema: Schema, ofGo: boolean): Schema {
  const { required = [], properties, additionalProperties, items, allOf } = schema;
  const inner = (one: Schema): Schema => asTaken(one, ofGo);
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [
          name,
          required.includes(name) ? inner(one) : orNull(inner(one)),
        ]),
      ),
    }),
    ...(typeof additionalProperties === "object" && {
      additionalProperties: orNull(inner(additionalProperties)),
    }),
    ...(items && { items: ofGo ? orNull(inner(items)) : inner(items) }),
    ...(allOf && { allOf: allOf.map(inner) }),
  };
}

/** What stands beside `$ref` counts for nothing in OpenAPI 3.0. */
function orNull(schema: Schema): Schema {
  return schema.$ref === undefined
    ? { ...schema, nullable: true }
    : { allOf: [{ $ref: schema.$ref }], nullable: true };
}
