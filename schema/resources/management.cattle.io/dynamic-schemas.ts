/** management.cattle.io/v3 DynamicSchema: Norman schemas that drivers bring along, such as the fields of a machine config. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { management } from "./group.ts";

const schema = once(() => {
  const long = { type: "integer", format: "int64" } as const;
  const field = {
    type: "object",
    properties: {
      type: string,
      default: {
        type: "object",
        properties: {
          stringValue: string,
          intValue: integer,
          boolValue: boolean,
          stringSliceValue: { type: "array", items: string, nullable: true },
        },
      },
      unique: boolean,
      nullable: boolean,
      create: boolean,
      required: boolean,
      update: boolean,
      minLength: long,
      maxLength: long,
      min: long,
      max: long,
      options: texts,
      validChars: string,
      invalidChars: string,
      description: string,
      dynamicField: boolean,
    },
  } as const;
  const fields = { type: "object", additionalProperties: field } as const;
  const actions = {
    type: "object",
    additionalProperties: { type: "object", properties: { input: string, output: string } },
  } as const;
  return {
    type: "object",
    required: ["spec"],
    properties: {
      spec: {
        type: "object",
        properties: {
          schemaName: string,
          embed: boolean,
          embedType: string,
          pluralName: string,
          resourceMethods: texts,
          resourceFields: fields,
          resourceActions: actions,
          collectionMethods: texts,
          collectionFields: fields,
          collectionActions: actions,
          collectionFilters: {
            type: "object",
            additionalProperties: { type: "object", properties: { modifiers: texts } },
          },
          includeableLinks: texts,
          dynamicSchemaVersion: string,
        },
      },
      status: { type: "object", properties: { fake: string } },
    },
  } as const satisfies JsonSchema;
});

export type DynamicSchema = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const dynamicSchemas: ResourceDefinition<DynamicSchema> = {
  ...management,
  kind: "DynamicSchema",
  plural: "dynamicschemas",
  singular: "dynamicschema",
  scope: "Cluster",
  schema,
};
