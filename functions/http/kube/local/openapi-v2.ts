/**
 * OpenAPI v2 (`/openapi/v2`): all that the v3 documents say, in one and in the older dialect, for clients that ask for it:
 * kubectl before 1.27 (explain, validation), client-go's `OpenAPISchema`, helm, Terraform's kubernetes provider. Pure.
 */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { operationsOf, schemasOf, sharedSchemas } from "./openapi.ts";
import type { Operation, Parameter, PathItem } from "./openapi.ts";
import { toV2Root, toV2Schema } from "./openapi-v2-schema.ts";
import type { V2Schema } from "./openapi-v2-schema.ts";

export interface V2Parameter {
  readonly name: string;
  readonly in: "query" | "path" | "body";
  readonly required?: boolean;
  readonly type?: string;
  readonly uniqueItems?: boolean;
  readonly schema?: V2Schema;
}

export interface V2Operation {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly parameters?: readonly V2Parameter[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: V2Schema }>>;
  readonly [extension: `x-${string}`]: unknown;
}

export type V2PathItem = Readonly<
  Partial<Record<"get" | "put" | "post" | "delete" | "patch", V2Operation>>
> & {
  readonly parameters?: readonly V2Parameter[];
};

export interface SwaggerDocument {
  readonly swagger: "2.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, V2PathItem>>;
  readonly definitions: Readonly<Record<string, V2Schema>>;
}

/** `version` is Drover's. */
export function swaggerDocument(
  definitions: readonly ResourceDefinition[],
  version: string,
): SwaggerDocument {
  const paths: Record<string, V2PathItem> = {};
  const schemas: Record<string, V2Schema> = {};
  for (const [name, schema] of Object.entries(sharedSchemas())) schemas[name] = toV2Schema(schema);
  for (const definition of definitions) {
    for (const [path, item] of Object.entries(operationsOf(definition))) paths[path] = toV2Path(path, item);
    for (const [name, schema] of Object.entries(schemasOf(definition))) schemas[name] = toV2Root(schema);
  }
  return { swagger: "2.0", info: { title: "Drover", version }, paths, definitions: schemas };
}

const methods = ["get", "put", "post", "delete", "patch"] as const;

function toV2Path(path: string, item: PathItem): V2PathItem {
  const own: Partial<Record<(typeof methods)[number], V2Operation>> = {};
  for (const method of methods) {
    const operation = item[method];
    // One document has them all, and there each id must be the only one.
    const operationId = `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, "_")}`;
    if (operation !== undefined) own[method] = toV2Operation({ ...operation, operationId });
  }
  return { ...own, ...parametersOf(item.parameters) };
}

function toV2Operation(operation: Operation): V2Operation {
  const { tags, operationId, parameters = [], requestBody, responses, ...extensions } = operation;
  const bodies = Object.entries(requestBody?.content ?? {});
  const body = bodies[0]?.[1].schema;
  const all = [
    ...parameters.map(toV2Parameter),
    ...(body === undefined
      ? []
      : [
          {
            name: "body",
            in: "body" as const,
            required: requestBody?.required ?? false,
            schema: toV2Schema(body),
          },
        ]),
  ];
  return {
    tags,
    operationId,
    consumes: bodies.length === 0 ? ["*/*"] : bodies.map(([type]) => type),
    produces: ["application/json", "application/yaml"],
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([code, { description, content }]) => {
        const schema = content?.["application/json"]?.schema;
        return [code, { description, ...(schema === undefined ? {} : { schema: toV2Schema(schema) }) }];
      }),
    ),
    ...extensions,
  };
}

function parametersOf(parameters: readonly Parameter[] = []): { parameters?: V2Parameter[] } {
  return parameters.length === 0 ? {} : { parameters: parameters.map(toV2Parameter) };
}

function toV2Parameter({ name, in: where, required, schema: { type, uniqueItems } }: Parameter): V2Parameter {
  return { name, in: where, ...(required === undefined ? {} : { required }), type, uniqueItems };
}
