/** The store's contract: what a commit is (design 3, "Writing"). */

export interface ObjectKey {
  /** `typeKey()` of the declaration: `clusters.management.cattle.io`, `secrets`. */
  readonly type: string;
  /** Empty string for cluster-scoped types. */
  readonly namespace: string;
  readonly name: string;
}

/** A key as one text: no part has a slash. */
export function keyText({ type, namespace, name }: ObjectKey): string {
  return `${type}/${namespace}/${name}`;
}

/** One object to write. Preconditions are judged inside the committing statement. */
export interface CommitObject extends ObjectKey {
  readonly action: "create" | "update" | "delete";
  readonly uid: string;
  /**
   * JSON text without sensitive members and WITHOUT metadata.resourceVersion (the `revision` column is the truth and is
   * spliced in on read). Empty for delete: the event then keeps the row's last body.
   */
  readonly body: string;
  /** Sealed sensitive members, or null. */
  readonly sealed: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** update, delete: the revision that the caller judged by. create: absent. */
  readonly expectRevision?: number;
  /** create: its namespace must exist, else the item is `stale`. */
  readonly inNamespace?: true;
}

export interface WorkRow {
  readonly controller: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly runAt: number;
  /** Only if some object, as the commit leaves them, has `value` in its index `field`. One that it removes may count. */
  readonly when?: { readonly field: string; readonly value: string };
}

/** All or nothing. */
export interface CommitItem {
  /** Unique; kept by the event rows, so that a commit whose answer was lost is found and not repeated. */
  readonly id: string;
  readonly objects: readonly CommitObject[];
  readonly work: readonly WorkRow[];
  /** Generations in `meta` that the caller judged by: `{ rbac: 7 }`. */
  readonly expectGenerations?: Readonly<Record<string, number>>;
  /** Generations in `meta` that this item raises. */
  readonly raiseGenerations?: readonly string[];
  /** A write made under a work lease carries its token: an expired lease cannot write. */
  readonly lease?: { readonly controller: string; readonly key: string; readonly token: string };
}

export type CommitResult =
  | { readonly ok: true; /** One per object, in order. */ readonly revisions: readonly number[] }
  | {
      readonly ok: false;
      /**
       * `exists`: create of a present key; `absent`: update or delete of an absent one; `conflict`: another revision;
       * `stale`: a generation moved, or the namespace is gone; `lease`: lease lost. Of the writer, not of the statement: `overloaded`: too many
       * wait; `refused`: the database took this item for an error. Neither was applied, nor helps another way.
       */
      readonly reason: "exists" | "absent" | "conflict" | "stale" | "lease" | "overloaded" | "refused";
      /** Index of the object at fault, where there is one. */
      readonly object?: number;
      /** `refused`: in the database's words, for the log. */
      readonly detail?: string;
    };
