/** PartialObjectMetadata: objects without anything but their metadata, for clients that ask for no more. Pure. */
import type { KubeObject } from "../../../../schema/object.ts";
import type { MetaVersion } from "./negotiate.ts";

export interface PartialObjectMetadata {
  readonly kind: "PartialObjectMetadata";
  readonly apiVersion: MetaVersion;
  readonly metadata: KubeObject["metadata"];
}

/** A metav1 `ListMeta`. */
export interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export function partialMetadataOf(
  { metadata }: Pick<KubeObject, "metadata">,
  apiVersion: MetaVersion = "meta.k8s.io/v1",
): PartialObjectMetadata {
  return { kind: "PartialObjectMetadata", apiVersion, metadata };
}

/** Ours: an empty list has `items: []` as every other list has, where kube-apiserver writes null. */
export function partialMetadataList(
  objects: readonly Pick<KubeObject, "metadata">[],
  metadata: ListMeta,
  apiVersion: MetaVersion = "meta.k8s.io/v1",
): object {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion,
    metadata,
    items: objects.map((object) => partialMetadataOf(object, apiVersion)),
  };
}

/** The same from the JSON text of an object as the store keeps it (metadata comes third): nothing is parsed. */
export function partialMetadataText(text: string, apiVersion: MetaVersion = "meta.k8s.io/v1"): string {
  const metadata = metadataText(text) ?? JSON.stringify((JSON.parse(text) as KubeObject).metadata);
  return `{"kind":"PartialObjectMetadata","apiVersion":"${apiVersion}","metadata":${metadata}}`;
}

const beforeMetadata = /^\{"apiVersion":"[^"\\]*","kind":"[^"\\]*","metadata":(?=\{)/;

/** From the brace after `"metadata":` to the one that closes it. `undefined` when the text begins otherwise. */
function metadataText(text: string): string | undefined {
  const start = beforeMetadata.exec(text)?.[0].length;
  if (start === undefined) return undefined;
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return text.slice(start, at + 1);
  }
  return undefined;
}
