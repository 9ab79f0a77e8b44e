/**
 * What `StoreWriter` has committed lately, so that it can tell the hub what a commit changed, as the log has it, without asking the
 * database. Pure.
 */
import { BoundedMap } from "../../schema/bounded-map.ts";
import type { LogEvent } from "../../schema/store/log.ts";
import { keyText } from "../../schema/store/types.ts";
import type { CommitItem, CommitObject, CommitResult } from "../../schema/store/types.ts";

interface Recent {
  readonly revision: number;
  readonly body: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of one object; larger ones are few, and would push out many. */
const maxBody = 16 * 1024;
const maxCharacters = 8 << 20;

export class RecentBodies {
  readonly #bodies = new BoundedMap<Recent>(maxCharacters, ({ body }, key) => body.length + key.length);

  /**
   * The events of a batch, ascending. `undefined` where not all are known: somebody else wrote an object last, it was long
   * ago, or it has a sealed part, which may have been sealed anew since.
   */
  eventsOf(items: readonly CommitItem[], results: readonly CommitResult[]): LogEvent[] | undefined {
    const events: (LogEvent | undefined)[] = [];
    for (const [index, result] of results.entries()) {
      if (!result.ok) continue;
      for (const [ord, object] of (items[index]?.objects ?? []).entries()) {
        const revision = result.revisions[ord];
        events.push(revision === undefined ? undefined : this.#eventOf(object, revision));
      }
    }
    const known = events.filter((event) => event !== undefined);
    return known.length === events.length ? known.toSorted((a, b) => a.revision - b.revision) : undefined;
  }

  #eventOf(object: CommitObject, revision: number): LogEvent | undefined {
    const { type, namespace, name, uid, action, body, sealed, labels, expectRevision } = object;
    const key = keyText(object);
    const before = this.#bodies.get(key);
    const gone = action === "delete";
    if (gone || sealed !== null || body.length > maxBody) this.#bodies.delete(key);
    else this.#bodies.set(key, { revision, body, labels });
    // Who names no revision may have replaced any.
    const isKnown = before !== undefined && before.revision === expectRevision;
    if (action !== "create" && !isKnown) return undefined;
    const old = action === "create" ? undefined : before;
    return {
      revision,
      type,
      namespace,
      name,
      uid,
      kind: action === "create" ? "ADDED" : gone ? "DELETED" : "MODIFIED",
      body: gone ? null : body,
      sealed: gone ? null : sealed,
      labels: gone ? null : labels,
      before: old?.body ?? null,
      beforeSealed: null,
      beforeLabels: old?.labels ?? null,
    };
  }
}
