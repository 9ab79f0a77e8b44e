/** The object store: the one path by which every face and every controller reads and writes (design 3). */
import { createTypes } from "../custom/types.ts";
import { ActorStore } from "./bound-store.ts";
import type { Store, StoreDeps } from "./contract.ts";
import { createReader } from "./reader.ts";
import { readRows } from "./rows.ts";
import type { ReadRow } from "./rows.ts";

export type { Actor } from "./authorize.ts";
export { LeaseLost } from "./committing.ts";
export type {
  Applied,
  ApplyOptions,
  BoundStore,
  Lease,
  Operation,
  Preconditions,
  Store,
  StoreDeps,
  WriteOptions,
} from "./contract.ts";

export function createStore(deps: StoreDeps): Store {
  const { sql, sealer, registry, now, knownRows } = deps;
  const { readRow: read = async (key) => (await readRows(sql(), [key]))[0] } = deps;
  const readRow: ReadRow = async (key) => {
    const row = await read(key);
    if (row !== undefined) knownRows?.remember(key.type, row);
    return row;
  };
  const reader = createReader(sql, sealer, readRow, knownRows);
  const types = createTypes({
    sql,
    declared: registry,
    ...(deps.typesCache === undefined ? {} : { cache: deps.typesCache }),
  });
  return {
    types,
    as: (actor, lease) =>
      new ActorStore({
        deps: { ...deps, readRow },
        types,
        reader,
        actor,
        lease,
        admission: { actor, reader, sealer, typeOf: registry.byTypeKey, now },
      }),
  };
}
