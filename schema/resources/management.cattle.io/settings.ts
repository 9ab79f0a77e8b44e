/** management.cattle.io/v3 Setting (norman-v3.md 3.13). What a value must be like: setting-values.ts. */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, invalid } from "../names.ts";
import { isServerItself } from "../server-actor.ts";
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
  mutate,
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

/** What a setting is without its value is the server's: clients that replace an object need not know it. */
function mutate({ object, old, actor }: AdmissionContext<Setting>): Setting {
  const value = object.value ?? "";
  // Agents hash the value plus one newline (tunnel.md 2.9).
  const trimmed = object.metadata.name === "cacerts" ? value.trim() : value;
  if (isServerItself(actor) || old === undefined) return { ...object, value: trimmed };
  const { default: _d, source: _s, ...rest } = object;
  const { default: standard, source } = old;
  return {
    ...rest,
    value: trimmed,
    ...(standard === undefined ? {} : { default: standard }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Belongs to the certificate that is served. */
const readOnly = ["cacerts"];

async function validate(context: AdmissionContext<Setting>): Promise<FieldError[]> {
  const { operation, object, old, actor, lookup } = context;
  const { name } = object.metadata;
  // What the environment says is written by the server, as it is: it holds whatever the object says.
  if (operation === "DELETE" || isServerItself(actor)) return [];
  const { value = "" } = object;
  if (value === (old?.value ?? "")) return [];
  if (old?.source === "env") return [forbidden("value", "the environment of the server sets it")];
  if (old !== undefined && readOnly.includes(name)) return [forbidden("value", "the setting is read only")];
  const problem = value === "" ? undefined : valueProblem(name, value);
  if (problem !== undefined) return [invalid("value", value, problem)];
  const effective = async (other: string): Promise<string> => {
    if (other === name) return value === "" ? (object.default ?? "") : value;
    const setting: Setting | undefined = await lookup("settings.management.cattle.io", "", other);
    return (setting?.value ?? "") === "" ? (setting?.default ?? "") : (setting?.value ?? "");
  };
  const pair = await pairProblem(name, effective);
  if (pair !== undefined) return [invalid("value", value, pair)];
  return name === "agent-tls-mode" && (await effective(name)) === "strict" ? strictErrors(context) : [];
}

const forceAnnotation = "cattle.io/force";

/** Agents that cannot verify the CA by themselves would be lost: each has to say that it can. */
async function strictErrors({
  object,
  old,
  lookupByIndex,
}: AdmissionContext<Setting>): Promise<FieldError[]> {
  const before = (old?.value ?? "") === "" ? old?.default : old?.value;
  if (before !== "system-store" || object.metadata.annotations?.[forceAnnotation] === "true") return [];
  const unready = (await lookupByIndex("clusters.management.cattle.io", "tlsStrict", "unverified")).map(
    (cluster) => cluster.metadata.name,
  );
  return unready.length === 0
    ? []
    : [
        forbidden(
          "value",
          `agents of ${unready.slice(0, 10).join(", ")} have not verified the CA; the annotation ${forceAnnotation}=true overrides`,
        ),
      ];
}
