/**
 * A deleted Namespace: its content goes, type by type, then the Namespace. What kube-controller-manager's namespace controller
 * does. Keys are names of namespaces.
 */
import type { KubeObject } from "../../../schema/object.ts";
import { typeKey } from "../../../schema/resource.ts";
import { contentFinalizer, namespaces, terminatingIndex } from "../../../schema/resources/core/namespaces.ts";
import type { Namespace } from "../../../schema/resources/core/namespaces.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { stop } from "../controller.ts";
import type { ConditionalKey, Controller, ReconcileContext } from "../controller.ts";
import { conditionsOf } from "./conditions.ts";
import { deleteContent, remainingContent } from "./content.ts";
import type { Remaining } from "./content.ts";

export const namespaceLifecycle: Controller = {
  name: "namespace-lifecycle",
  watches: [
    { type: typeKey(namespaces), keys: ending },
    { type: "*", keys: emptied },
  ],
  steps: [
    {
      name: "content",
      async run(context, name) {
        const namespace = await absentAsUndefined(context.store.get<Namespace>(namespaces, "", name));
        // One that is gone is emptied too: of what was created while its last content went.
        const isEnding =
          namespace === undefined ||
          (namespace.metadata.deletionTimestamp !== undefined &&
            (namespace.spec?.finalizers ?? []).includes(contentFinalizer));
        if (!isEnding) return stop;
        const { isDone, failures } = await deleteContent(context, name);
        const remaining = await remainingContent(context, name);
        if (namespace !== undefined) await report(context, namespace, remaining, failures);
        if (failures.length > 0) return { next: "failed", reason: failures.join("; ").slice(0, 1_000) };
        if (!isDone) return { next: "requeue", afterMs: 0, reason: "there is more content" };
        // What remains waits for finalizers: each object that goes wakes this key.
        if (remaining.total === 0 && namespace !== undefined) await finalize(context, name);
        return stop;
      },
    },
  ],
};

/** Pure: a deletion, what is finalized since, and the end. */
function ending(before: KubeObject | undefined, after: KubeObject | undefined): readonly string[] {
  if (after === undefined) return before === undefined ? [] : [before.metadata.name];
  if (after.metadata.deletionTimestamp === undefined) return [];
  const { spec: was } = (before ?? {}) as Partial<Namespace>;
  const { spec: is } = after as Namespace;
  const isNew = before?.metadata.deletionTimestamp === undefined;
  return isNew || JSON.stringify(was) !== JSON.stringify(is) ? [after.metadata.name] : [];
}

/** Pure. An object that goes concerns its namespace only where that one waits for it. */
function emptied(before: KubeObject | undefined, after: KubeObject | undefined): readonly ConditionalKey[] {
  const key = before?.metadata.namespace ?? "";
  return after !== undefined || key === "" ? [] : [{ key, when: { field: terminatingIndex, value: key } }];
}

/** One that goes in a moment is not written once more before. */
async function report(
  { store, now }: ReconcileContext,
  { metadata, spec, status }: Namespace,
  remaining: Remaining,
  failures: readonly string[],
): Promise<void> {
  const others = [...(metadata.finalizers ?? []), ...(spec?.finalizers ?? [])].some(
    (finalizer) => finalizer !== contentFinalizer,
  );
  const goes = remaining.total === 0 && failures.length === 0 && !others;
  if (goes && status?.conditions === undefined) return;
  await absentAsUndefined(
    store.modify<Namespace>(
      namespaces,
      "",
      metadata.name,
      (current) => {
        const held = current.status?.conditions ?? [];
        const conditions = conditionsOf(held, remaining, failures, now());
        return JSON.stringify(held) === JSON.stringify(conditions)
          ? undefined
          : { ...current, status: { ...current.status, conditions } };
      },
      { subresource: "status" },
    ),
  );
}

async function finalize({ store }: ReconcileContext, name: string): Promise<void> {
  await absentAsUndefined(
    store.modify<Namespace>(
      namespaces,
      "",
      name,
      (current) => {
        // Another of that name, made meanwhile, keeps its own.
        if (current.metadata.deletionTimestamp === undefined) return undefined;
        const finalizers = (current.spec?.finalizers ?? []).filter((one) => one !== contentFinalizer);
        return { ...current, spec: { ...current.spec, finalizers } };
      },
      { subresource: "finalize" },
    ),
  );
}
