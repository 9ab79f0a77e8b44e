/**
 * What a deletion says about dependents, and how the object keeps it while they are seen to: by a finalizer (k8s.io/apiserver,
 * registry/generic). Pure.
 */
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

export type PropagationPolicy = "Background" | "Foreground" | "Orphan";

export interface Propagation {
  readonly propagationPolicy?: PropagationPolicy;
  /** The older way to say it; goes before the policy. */
  readonly orphanDependents?: boolean;
}

/** The object's finalizers once it is deleted so. Without a word, what an earlier deletion or the object itself says holds. */
export function finalizersFor(
  held: readonly string[],
  { propagationPolicy, orphanDependents }: Propagation,
): readonly string[] {
  const wanted =
    orphanDependents === undefined
      ? propagationPolicy === undefined
        ? held.find((finalizer) => isOfCollector(finalizer))
        : finalizerOf[propagationPolicy]
      : orphanDependents
        ? orphanFinalizer
        : undefined;
  const others = held.filter((finalizer) => !isOfCollector(finalizer));
  return wanted === undefined ? others : [...others, wanted];
}

const finalizerOf: Readonly<Record<PropagationPolicy, string | undefined>> = {
  Background: undefined,
  Foreground: foregroundFinalizer,
  Orphan: orphanFinalizer,
};

function isOfCollector(finalizer: string): boolean {
  return finalizer === orphanFinalizer || finalizer === foregroundFinalizer;
}

/** Whether a deleted object waits for somebody: for finalizers of its own, or of its `spec` where a type has them there. */
export function isHeld(definition: ResourceDefinition, object: KubeObject): boolean {
  return (object.metadata.finalizers ?? []).length > 0 || specFinalizers(definition, object).length > 0;
}

/** Of a Namespace; none of any other type. */
export function specFinalizers(definition: ResourceDefinition, object: KubeObject): readonly string[] {
  if (definition.finalizeSubresource !== true) return [];
  const { spec } = object as { readonly spec?: { readonly finalizers?: readonly string[] } };
  return spec?.finalizers ?? [];
}
