/** Objects that every installation has: made when absent, corrected when they differ. */
import type { KubeObject } from "../../schema/object.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { unless } from "../store/absent.ts";

/**
 * Creates what is absent and, with `correct`, changes what differs. Somebody else creating it meanwhile is fine. In order, for
 * some gather what others give; `atOnce` is for many that do not: the writer commits what waits in one statement.
 */
export async function ensure<T extends KubeObject>(
  store: BoundStore,
  definition: ResourceDefinition<T>,
  wanted: readonly T[],
  correct?: (current: T, wanted: T) => T | undefined,
  atOnce = 1,
): Promise<void> {
  const { items } = await store.list<T>(definition, { names: wanted.map((object) => object.metadata.name) });
  const present = new Map(items.map((item) => [item.metadata.name, item]));
  const one = async (object: T): Promise<void> => {
    const { name } = object.metadata;
    const current = present.get(name);
    if (current === undefined) await unless("AlreadyExists", store.create<T>(definition, object));
    else if (correct?.(current, object) !== undefined) {
      await store.modify<T>(definition, "", name, (latest) => correct(latest, object));
    }
  };
  const queue = [...wanted];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
