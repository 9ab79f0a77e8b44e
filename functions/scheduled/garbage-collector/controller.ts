/**
 * Garbage collection by ownerReferences, with the meaning that kube-controller-manager gives them. Keys are uids: of owners
 * that are gone, or go in the foreground, or orphan; and of objects whose owners were named.
 */
import type { KubeObject, OwnerReference } from "../../../schema/object.ts";
import { ownerIndex } from "../../../schema/store/encoding.ts";
import { foregroundFinalizer, orphanFinalizer } from "../../../schema/store/propagation.ts";
import { stop } from "../controller.ts";
import type { ConditionalKey, Controller } from "../controller.ts";
import { deleteOrphans, deleteInForeground, orphanDependents } from "./dependents.ts";
import { visit } from "./visit.ts";

export const garbageCollector: Controller = {
  name: "garbage-collector",
  watches: [{ type: "*", keys }],
  steps: [
    {
      name: "collect",
      async run(context, uid) {
        const found = await context.store.metadata.byUid(uid);
        if (found === undefined) return deleteOrphans(context, uid);
        const { deletionTimestamp, finalizers = [] } = found.metadata;
        if (deletionTimestamp === undefined) {
          await visit(context, found);
          return stop;
        }
        if (finalizers.includes(orphanFinalizer)) return orphanDependents(context, found);
        if (finalizers.includes(foregroundFinalizer)) return deleteInForeground(context, found);
        return stop;
      },
    },
  ],
};

/** Pure. Most objects own nothing, and the commit itself sees whether a deleted one does. */
export function keys(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): readonly (string | ConditionalKey)[] {
  // An Event owns nothing, and thousands go at once.
  if ((after ?? before)?.kind === "Event" && ownersOf(after ?? before).length === 0) return [];
  const uid = (after ?? before)?.metadata.uid ?? "";
  if (after === undefined)
    return [{ key: uid, when: { field: ownerIndex, value: uid } }, ...uidsOf(blocked(before))];
  const named = JSON.stringify(ownersOf(after)) !== JSON.stringify(ownersOf(before));
  const isAsked = (named && ownersOf(after).length > 0) || collectorsOf(after) !== collectorsOf(before);
  const held = uidsOf(blocked(after));
  const freed = named ? uidsOf(blocked(before)).filter((owner) => !held.includes(owner)) : [];
  return [...(isAsked ? [uid] : []), ...freed];
}

function ownersOf(object: KubeObject | undefined): readonly OwnerReference[] {
  return object?.metadata.ownerReferences ?? [];
}

/** Owners that wait for this object when they go in the foreground. */
function blocked(object: KubeObject | undefined): readonly OwnerReference[] {
  return ownersOf(object).filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
}

function uidsOf(references: readonly OwnerReference[]): readonly string[] {
  return references.map(({ uid }) => uid);
}

/** What a deleted object asks of the collector; empty before its deletion. */
function collectorsOf(object: KubeObject | undefined): string {
  if (object?.metadata.deletionTimestamp === undefined) return "";
  return [orphanFinalizer, foregroundFinalizer]
    .filter((finalizer) => object.metadata.finalizers?.includes(finalizer))
    .join();
}
