/** The schema of a whole object, envelope included. */
import type { ResourceDefinition } from "../resource.ts";
import type { JsonSchema } from "../structural/types.ts";
import { objectMetaSchema } from "./object-meta.ts";

type Shape = Pick<ResourceDefinition, "schema">;

const schemas = new WeakMap<Shape, JsonSchema>();

/** One schema object for each declaration: what is derived from it is kept by it. */
export function objectSchema(definition: Shape): JsonSchema {
  let schema = schemas.get(definition);
  if (schema === undefined) {
    const { properties = {}, ...rest } = definition.schema();
    schema = {
      ...rest,
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: objectMetaSchema(),
        ...properties,
      },
    };
    schemas.set(definition, schema);
  }
  return schema;
}
