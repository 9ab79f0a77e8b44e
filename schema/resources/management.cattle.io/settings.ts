/** management.cattle.io/v3 Setting (norman-v3.md 3.13). What a value must be like: setting-values.ts. */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid } from "../names.ts";
import { management, standardMethods } from "./group.ts";
import { pairProblem, valueProblem } from "./setting-values.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        value: { type: "string" },
        default: { type: "string" },
        customized: { type: "boolean" },
        source: { type: "string", enum: ["", "db", "default", "env"] },
      },
    }) as const satisfies JsonSchema,
);

export type Setting = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const settings: ResourceDefinition<Setting> = {
  ...management,
  kind: "Setting",
  plural: "settings",
  singular: "setting",
  scope: "Cluster",
  schema,
  printerColumns: [{ name: "Value", type: "string", jsonPath: ".value" }],
  mutate: ({ object }) => {
    const value = object.value ?? "";
    // Agents hash the value plus one newline (tunnel.md 2.9).
    return { ...object, value: object.metadata.name === "cacerts" ? value.trim() : value };
  },
  validate,
  norman: {
    id: "setting",
    pluralName: "settings",
    ...standardMethods,
    fields: {
      name: field("string", "metadata.name", "CR"),
      value: field("string", "value", "CUR"),
      default: field("string", "default"),
      customized: field("boolean", undefined, "", { default: false, nullable: false }),
      source: field("string", undefined),
    },
  },
};

async function validate({
  operation,
  object,
  old,
  lookup,
}: AdmissionContext<Setting>): Promise<FieldError[]> {
  const { name } = object.metadata;
  if (operation === "DELETE") return [];
  const { value = "" } = object;
  if (value === (old?.value ?? "")) return [];
  const problem = value === "" ? undefined : valueProblem(name, value);
  if (problem !== undefined) return [invalid("value", value, problem)];
  const effective = async (other: string): Promise<string> => {
    if (other === name) return value === "" ? (object.default ?? "") : value;
    const setting: Setting | undefined = await lookup("settings.management.cattle.io", "", other);
    return (setting?.value ?? "") === "" ? (setting?.default ?? "") : (setting?.value ?? "");
  };
  const pair = await pairProblem(name, effective);
  return pair === undefined ? [] : [invalid("value", value, pair)];
}
