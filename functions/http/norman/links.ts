/** Absolute URLs of answers (norman-v3.md 1.2, 1.4). Pure. */
import type { NormanDefinition } from "../../../schema/resources/registry.ts";
import { registry } from "../../../schema/resources/registry.ts";
import { referenceTarget } from "./fields.ts";

/** `BASE/v3/clusterregistrationtokens`: collections are lower-cased. */
export function collectionUrl(base: string, { norman }: NormanDefinition): string {
  return `${base}/v3/${norman.pluralName.toLowerCase()}`;
}

/** `BASE/v3/clusterRegistrationTokens/c-x:default-token`: resources are as declared. */
export function resourceUrl(base: string, { norman }: NormanDefinition, id: string): string {
  return `${base}/v3/${norman.pluralName}/${encodeURIComponent(id).replaceAll("%3A", ":")}`;
}

/** `X-Api-Schemas`, from which the Go client starts: in the sub-context for clusters (norman-v3.md 1.2). */
export function schemasUrl(base: string, path: string): string {
  const [, type = "", id = ""] = path.split("/").filter((segment) => segment !== "");
  if (type.toLowerCase() !== "clusters" && type.toLowerCase() !== "cluster") return `${base}/v3/schemas`;
  // As it came, and it came as printable ASCII (target.ts).
  return id === "" ? `${base}/v3/cluster/schemas` : `${base}/v3/cluster/${id}/schemas`;
}

/** One link per type that refers to this one: below the resource for a cluster, as a filter for the others. */
export function backReferences(
  base: string,
  definition: NormanDefinition,
  id: string,
): Record<string, string> {
  const links = registry.norman().flatMap((other): [string, string][] => {
    const found = referringField(other, definition.norman.id);
    if (found === undefined || !other.norman.collectionMethods.includes("GET")) return [];
    const plural = other.norman.pluralName;
    return definition.norman.id === "cluster"
      ? [[plural, `${resourceUrl(base, definition, id)}/${plural.toLowerCase()}`]]
      : [[plural, `${base}/v3/${plural}?${found}=${encodeURIComponent(id)}`]];
  });
  return Object.fromEntries(links);
}

/** The first field of `definition` that refers to the type `id`. */
export function referringField(definition: NormanDefinition, id: string): string | undefined {
  return Object.entries(definition.norman.fields).find(([, { type }]) => referenceTarget(type) === id)?.[0];
}
