/**
 * Rows that one isolate has read or written, as they were at their revision: a client that updates names the revision it has
 * read, so there is nothing to ask the database before the commit judges the same (kube-apiserver updates from its watch cache
 * in the same way). Never an answer by itself. Data only, bounded; sealed members stay sealed.
 */
import { BoundedMap } from "../bounded-map.ts";
import type { StoredRow } from "./encoding.ts";
import { keyText } from "./types.ts";
import type { ObjectKey } from "./types.ts";

export interface KnownRows {
  /** The row, if it is known as of exactly this revision. */
  readonly at: (key: ObjectKey, revision: string) => StoredRow | undefined;
  readonly remember: (type: string, row: StoredRow) => void;
}

/** Large objects are few, and would push out many. */
const maxCharacters = 16 * 1024;

/** The one that was remembered first goes when there are more than `maxRows`. */
export function createKnownRows(maxRows = 1_000): KnownRows {
  const rows = new BoundedMap<StoredRow>(maxRows, () => 1);
  return {
    at(key, revision) {
      const row = rows.get(keyText(key));
      return row !== undefined && String(row.revision) === revision ? row : undefined;
    },
    remember(type, row) {
      const key = keyText({ type, namespace: row.namespace, name: row.name });
      rows.delete(key);
      if (row.body.length + (row.sealed?.length ?? 0) > maxCharacters) return;
      rows.set(key, row);
    },
  };
}
