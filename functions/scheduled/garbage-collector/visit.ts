/** One object whose owners may be gone: it stays, loses references, or goes. */
import type { KubeObject, ObjectMeta } from "../../../schema/object.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import type { FoundObject } from "../../../schema/store/metadata-reads.ts";
import { foregroundFinalizer } from "../../../schema/store/propagation.ts";
import type { ReconcileContext } from "../controller.ts";
import { ownerState } from "./owners.ts";

type Context = Pick<ReconcileContext, "store" | "types">;

const attempts = 5;

/** Judged anew when the object was changed meanwhile. */
export async function visit(context: Context, item: FoundObject): Promise<void> {
  let current: FoundObject | undefined = item;
  for (let count = 1; current !== undefined; count++) {
    try {
      return await visitOnce(context, current);
    } catch (error) {
      if (isStoreError(error, "NotFound")) return undefined;
      if (!isStoreError(error, "Conflict") || count === attempts) throw error;
      current = await context.store.metadata.byUid(item.metadata.uid ?? "");
    }
  }
  return undefined;
}

async function visitOnce(context: Context, item: FoundObject): Promise<void> {
  const { ownerReferences = [], deletionTimestamp, uid = "", resourceVersion = "" } = item.metadata;
  // One that goes already waits for somebody else.
  if (ownerReferences.length === 0 || deletionTimestamp !== undefined) return;
  const states = await Promise.all(ownerReferences.map((reference) => ownerState(context, reference, item)));
  if (states.includes("unknown")) return;
  if (states.includes("solid")) {
    const lost = ownerReferences.filter((_, index) => states[index] !== "solid").map((owner) => owner.uid);
    if (lost.length > 0) await dropOwners(context, item, lost);
    return;
  }
  const definition = context.types.byTypeKey(item.type);
  if (definition === undefined) return;
  const hasDependents =
    states.includes("waiting") && (await context.store.metadata.dependents(uid, 1)).items.length > 0;
  if (hasDependents && (await isInCircle(context, uid))) await unblockOwners(context, item);
  const { namespace = "", name } = item.metadata;
  await context.store.delete(definition, namespace, name, {
    uid,
    // What unblocks its owners has changed it.
    ...(hasDependents ? { propagationPolicy: "Foreground" } : { resourceVersion }),
  });
}

/** Objects that own each other would wait for each other: where a dependent waits already, this one does not block. */
async function isInCircle({ store }: Context, uid: string): Promise<boolean> {
  const { items } = await store.metadata.dependents(uid, 100);
  return items.some(
    ({ metadata: { deletionTimestamp, finalizers = [] } }) =>
      deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer),
  );
}

/** Takes owners out of an object's references, by their uids. */
export function dropOwners(context: Context, item: FoundObject, uids: readonly string[]): Promise<void> {
  return changeMetadata(context, item, ({ ownerReferences = [], ...metadata }) => {
    const kept = ownerReferences.filter(({ uid }) => !uids.includes(uid));
    return kept.length === ownerReferences.length
      ? undefined
      : { ...metadata, ...(kept.length === 0 ? {} : { ownerReferences: kept }) };
  });
}

function unblockOwners(context: Context, item: FoundObject): Promise<void> {
  return changeMetadata(context, item, ({ ownerReferences = [], ...metadata }) => ({
    ...metadata,
    ownerReferences: ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
  }));
}

/** Takes one of the collector's finalizers off an object that goes. */
export function dropFinalizer(context: Context, item: FoundObject, finalizer: string): Promise<void> {
  return changeMetadata(context, item, ({ finalizers = [], ...metadata }) =>
    metadata.deletionTimestamp !== undefined && finalizers.includes(finalizer)
      ? { ...metadata, finalizers: finalizers.filter((one) => one !== finalizer) }
      : undefined,
  );
}

/** Of this very object; somebody else of its name is left alone. */
async function changeMetadata(
  { store, types }: Context,
  { type, metadata: { namespace = "", name, uid } }: FoundObject,
  change: (metadata: ObjectMeta) => ObjectMeta | undefined,
): Promise<void> {
  const definition = types.byTypeKey(type);
  if (definition === undefined) return;
  try {
    await store.modify<KubeObject>(definition, namespace, name, (current) => {
      const metadata = current.metadata.uid === uid ? change(current.metadata) : undefined;
      return metadata === undefined ? undefined : { ...current, metadata };
    });
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}
