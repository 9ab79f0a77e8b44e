/** The fields that all types have (norman-v3.md 3.4) beside those of their projection, and what can be asked of each. Pure. */
import { field } from "../../../schema/norman.ts";
import type { NormanField } from "../../../schema/norman.ts";
import type { NormanDefinition } from "../../../schema/resources/registry.ts";

/** Without paths: resource.ts takes them from metadata. */
const common: Readonly<Record<string, NormanField>> = {
  id: field("string", undefined),
  annotations: field("map[string]", undefined, "CU"),
  labels: field("map[string]", undefined, "CU"),
  created: field("date", undefined),
  removed: field("date", undefined),
  uuid: field("string", undefined),
  creatorId: field("reference[/v3/schemas/user]", undefined),
  ownerReferences: field("array[ownerReference]", undefined),
};
const stateful: Readonly<Record<string, NormanField>> = {
  state: field("string", undefined),
  transitioning: field("enum", undefined, "", { options: ["yes", "no", "error"] }),
  transitioningMessage: field("string", undefined),
};

/** Every field of a type by name, in the order of their names. */
export function fieldsOf({ norman, scope }: NormanDefinition): Readonly<Record<string, NormanField>> {
  const all = {
    ...common,
    ...(norman.stateful === true ? stateful : {}),
    ...(scope === "Namespaced" ? { namespaceId: field("string", undefined, "C") } : {}),
    ...norman.fields,
  };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export type Modifier = "eq" | "ne" | "in" | "notin";

/** The modifiers that a filter on the field may have; none for types that cannot be compared (norman-v3.md 1.6). */
export function modifiersOf({ type, writeOnly }: NormanField): readonly Modifier[] {
  if (writeOnly === true) return [];
  if (type === "boolean") return ["eq", "ne"];
  const comparable = /^(?:string|enum|date|int|dnsLabel|dnsLabelRestricted|hostname|reference\[.*\])$/;
  return comparable.test(type) ? ["eq", "ne", "in", "notin"] : [];
}

/** Fields that sort links are offered for. */
export function isSortable({ type }: NormanField): boolean {
  return type === "string" || type === "enum";
}

/** `cluster` of `reference[cluster]`, else `undefined`. */
export function referenceTarget(type: string): string | undefined {
  return /^reference\[(.*)\]$/.exec(type)?.[1];
}

/** The element type of `array[x]` or `map[x]`. */
export function elementType(type: string, container: "array" | "map"): string | undefined {
  return type.startsWith(`${container}[`) && type.endsWith("]")
    ? type.slice(container.length + 1, -1)
    : undefined;
}
