/** Which names of a CustomResourceDefinition are in force, where two of one group want the same (NamingConditionController). Pure. */
import type { CrdNames, CustomResourceDefinition } from "./custom-resource-definitions.schema.ts";

export interface NamesVerdict {
  readonly accepted: CrdNames;
  /** Absent: no conflicts. Of several, the last one that was looked at. */
  readonly conflict?: { readonly reason: string; readonly message: string };
}

/** `others`: those of the same group. What somebody has, he keeps; a name that is taken is not accepted. */
export function acceptNames(
  { spec, status }: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): NamesVerdict {
  const taken = others.map((other) => kindsAndResources(other.status?.acceptedNames ?? {}));
  const resources = new Set(taken.flatMap((one) => one.resources));
  const kinds = new Set(taken.flatMap((one) => one.kinds));
  const wanted = spec.names ?? {};
  const held = status?.acceptedNames ?? {};
  const accepted: CrdNames = { ...held };
  let conflict: NamesVerdict["conflict"];
  const judge = (member: "plural" | "singular" | "kind" | "listKind", used: ReadonlySet<string>) => {
    const name = wanted[member];
    if (name === undefined) delete accepted[member];
    else if (name === held[member] || !used.has(name)) accepted[member] = name;
    else conflict = inUse(`${member[0]?.toUpperCase() ?? ""}${member.slice(1)}`, [name]);
  };
  judge("plural", resources);
  judge("singular", resources);
  const clashing = (wanted.shortNames ?? []).filter(
    (name) => !(held.shortNames ?? []).includes(name) && resources.has(name),
  );
  if (clashing.length > 0) conflict = inUse("ShortNames", clashing);
  else if (wanted.shortNames === undefined) delete accepted.shortNames;
  else accepted.shortNames = wanted.shortNames;
  judge("kind", kinds);
  judge("listKind", kinds);
  if (wanted.categories === undefined) delete accepted.categories;
  else accepted.categories = wanted.categories;
  return { accepted, ...(conflict === undefined ? {} : { conflict }) };
}

/** Names that stand for a resource, and names that stand for a kind: each of them is one thing's in a group. */
export function kindsAndResources({ plural, singular, shortNames = [], kind, listKind }: CrdNames): {
  readonly resources: readonly string[];
  readonly kinds: readonly string[];
} {
  const given = (name: string | undefined): name is string => name !== undefined && name !== "";
  return {
    resources: [plural, singular, ...shortNames].filter(given),
    kinds: [kind, listKind].filter(given),
  };
}

function inUse(what: string, names: readonly string[]): { reason: string; message: string } {
  const each = names.map((name) => `${JSON.stringify(name)} is already in use`);
  const message = each.length === 1 ? (each[0] ?? "") : `[${each.join(", ")}]`;
  return { reason: `${what}Conflict`, message };
}
