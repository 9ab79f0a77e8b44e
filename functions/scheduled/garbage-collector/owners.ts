/** What has become of an object's owners. */
import type { OwnerReference } from "../../../schema/object.ts";
import { typeKey } from "../../../schema/resource.ts";
import type { FoundObject } from "../../../schema/store/metadata-reads.ts";
import { foregroundFinalizer } from "../../../schema/store/propagation.ts";
import type { ReconcileContext } from "../controller.ts";

/**
 * `solid`: it keeps the object. `absent`: there is no such object, or another of its name. `waiting`: it goes in the
 * foreground, after its dependents. `unknown`: of a kind that is not served, or one that cannot own this object.
 */
export type OwnerState = "solid" | "absent" | "waiting" | "unknown";

/** An owner is looked for where its dependent is: a reference has no namespace. */
export async function ownerState(
  { store, types }: Pick<ReconcileContext, "store" | "types">,
  { apiVersion, kind, name, uid }: OwnerReference,
  { metadata: { namespace = "" } }: FoundObject,
): Promise<OwnerState> {
  const definition = types.byKind(apiVersion, kind);
  if (definition === undefined) return "unknown";
  // As with Kubernetes: what is in no namespace cannot be owned from within one, and is left alone.
  if (definition.scope === "Namespaced" && namespace === "") return "unknown";
  const owner = await store.metadata.byUid(uid);
  const isThere =
    owner !== undefined &&
    owner.type === typeKey(definition) &&
    owner.metadata.name === name &&
    (definition.scope === "Cluster" || owner.metadata.namespace === namespace);
  if (!isThere) return "absent";
  const { deletionTimestamp, finalizers = [] } = owner.metadata;
  return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer) ? "waiting" : "solid";
}
