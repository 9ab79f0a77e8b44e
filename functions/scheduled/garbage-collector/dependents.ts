/** All dependents of one owner, a page at a time: they may be thousands. */
import type { FoundObject } from "../../../schema/store/metadata-reads.ts";
import { foregroundFinalizer, orphanFinalizer } from "../../../schema/store/propagation.ts";
import type { ObjectKey } from "../../../schema/store/types.ts";
import { stop } from "../controller.ts";
import type { ReconcileContext, StepResult } from "../controller.ts";
import { inParallel, isSpent } from "../in-parallel.ts";
import { dropFinalizer, dropOwners, visit } from "./visit.ts";

const pageSize = 500;
const goOn: StepResult = { next: "requeue", afterMs: 0, reason: "there are more dependents" };

/** The owner is gone: whom nobody else owns goes too. */
export async function deleteOrphans(context: ReconcileContext, uid: string): Promise<StepResult> {
  return (await eachDependent(context, uid, (dependent) => visit(context, dependent))) ? stop : goOn;
}

/** Takes the owner out of all references, then lets it go. */
export async function orphanDependents(context: ReconcileContext, owner: FoundObject): Promise<StepResult> {
  const { uid = "" } = owner.metadata;
  const done = await eachDependent(context, uid, (dependent) => dropOwners(context, dependent, [uid]));
  // Those that came meanwhile.
  if (!done || (await context.store.metadata.dependents(uid, 1)).items.length > 0) return goOn;
  await dropFinalizer(context, owner, orphanFinalizer);
  return stop;
}

/**
 * Deletes the dependents that block the owner, and lets it go when none is left. Each that goes wakes this key again; those
 * that do not block are collected once the owner is gone.
 */
export async function deleteInForeground(context: ReconcileContext, owner: FoundObject): Promise<StepResult> {
  const { uid = "" } = owner.metadata;
  const blocks = ({ metadata: { ownerReferences = [] } }: FoundObject): boolean =>
    ownerReferences.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);
  const done = await eachDependent(context, uid, async (dependent) => {
    if (blocks(dependent)) await visit(context, dependent);
  });
  if (!done) return goOn;
  let left = 0;
  const all = await eachDependent(context, uid, async (dependent) => {
    if (blocks(dependent)) left++;
  });
  if (!all) return goOn;
  if (left === 0) await dropFinalizer(context, owner, foregroundFinalizer);
  return stop;
}

/** Whether all were seen in time. */
async function eachDependent(
  { store }: ReconcileContext,
  uid: string,
  run: (dependent: FoundObject) => Promise<void>,
): Promise<boolean> {
  const start = Date.now();
  let after: ObjectKey | undefined;
  for (;;) {
    const { items, next } = await store.metadata.dependents(uid, pageSize, after);
    await inParallel(items, run);
    if (next === undefined) return true;
    if (isSpent(start)) return false;
    after = next;
  }
}
