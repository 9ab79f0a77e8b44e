/** What is in a namespace, of all types that there are. */
import type { ResourceDefinition } from "../../../schema/resource.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import type { FoundObject } from "../../../schema/store/metadata-reads.ts";
import { foregroundFinalizer, orphanFinalizer } from "../../../schema/store/propagation.ts";
import type { ObjectKey } from "../../../schema/store/types.ts";
import type { ReconcileContext } from "../controller.ts";
import { inParallel, isSpent } from "../in-parallel.ts";

const pageSize = 500;

export interface Remaining {
  readonly total: number;
  /** `typeKey()` → number of objects. */
  readonly types: ReadonlyMap<string, number>;
  /** Finalizer → number of objects that have it. */
  readonly finalizers: ReadonlyMap<string, number>;
}

/** Deletes all of it, each object once. Not done: there was no time for the rest. Failures: one for each type that has some. */
export async function deleteContent(
  context: ReconcileContext,
  namespace: string,
): Promise<{ isDone: boolean; failures: readonly string[] }> {
  const failures = new Map<string, string>();
  const isDone = await eachPage(context, namespace, (items) =>
    inParallel(items, async (item) => {
      try {
        await deleteOne(context, item);
      } catch (error) {
        if (!isStoreError(error) || error.code === "ServiceUnavailable") throw error;
        failures.set(item.type, `${item.type}: ${error.message}`);
      }
    }),
  );
  return { isDone, failures: [...failures.values()] };
}

async function deleteOne({ store, types }: ReconcileContext, { type, metadata }: FoundObject): Promise<void> {
  const definition = types.byTypeKey(type);
  if (definition === undefined) return;
  const { namespace = "", name, uid = "", deletionTimestamp, finalizers = [] } = metadata;
  const isOfCollector = (one: string): boolean => one === foregroundFinalizer || one === orphanFinalizer;
  if (deletionTimestamp !== undefined && !finalizers.some(isOfCollector)) return;
  try {
    await store.delete(definition, namespace, name, { uid, propagationPolicy: "Background" });
  } catch (error) {
    // It is gone, and what is there of its name is another page's.
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
  }
}

export async function remainingContent(context: ReconcileContext, namespace: string): Promise<Remaining> {
  const types = new Map<string, number>();
  const finalizers = new Map<string, number>();
  let total = 0;
  await eachPage(context, namespace, async (items) => {
    for (const { type, metadata } of items) {
      total++;
      types.set(type, (types.get(type) ?? 0) + 1);
      for (const one of metadata.finalizers ?? []) finalizers.set(one, (finalizers.get(one) ?? 0) + 1);
    }
  });
  return { total, types, finalizers };
}

/** Whether all were seen in time. */
async function eachPage(
  { store, types }: ReconcileContext,
  namespace: string,
  run: (items: readonly FoundObject[]) => Promise<void>,
): Promise<boolean> {
  const start = Date.now();
  const namespaced: readonly ResourceDefinition[] = types
    .stored()
    .filter(({ scope }) => scope === "Namespaced");
  let after: ObjectKey | undefined;
  for (;;) {
    const { items, next } = await store.metadata.inNamespace(namespaced, namespace, pageSize, after);
    await run(items);
    if (next === undefined) return true;
    if (isSpent(start)) return false;
    after = next;
  }
}
