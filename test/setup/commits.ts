/** What tests of the store commit. */
import type { CommitItem, CommitObject } from "../../schema/store/types.ts";

/** A new object of type `tests`, unless `more` says otherwise. */
export function testObject(name: string, more: Partial<CommitObject> = {}): CommitObject {
  return {
    type: "tests",
    namespace: "",
    name,
    action: "create",
    uid: `uid-${name}`,
    body: JSON.stringify({ name }),
    sealed: null,
    labels: {},
    fields: {},
    ...more,
  };
}

export function testItem(objects: readonly CommitObject[], more: Partial<CommitItem> = {}): CommitItem {
  return { id: crypto.randomUUID(), objects, work: [], ...more };
}
