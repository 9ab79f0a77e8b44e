/** Which waiting items may share one committing statement. Pure. */
import { keyText } from "./types.ts";
import type { CommitItem } from "./types.ts";

/** Measured (platform.md 6): larger batches gain nothing more. */
export const MAX_BATCH = 128;

/**
 * Number of items from the front that fit one batch. The items of a batch are judged by one snapshot, so it ends before
 * an item that touches a key, or expects or raises a generation, that an earlier item of the batch has changed: order
 * between such items is what their senders saw.
 */
export function batchLength(items: readonly CommitItem[], max: number = MAX_BATCH): number {
  const written = new Set<string>();
  const expected = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (index === max) return index;
    const keys = item.objects.map(keyText);
    const raises = (item.raiseGenerations ?? []).map((name) => `generation/${name}`);
    const expects = Object.keys(item.expectGenerations ?? {}).map((name) => `generation/${name}`);
    const clashes =
      keys.some((key) => written.has(key)) ||
      expects.some((key) => written.has(key)) ||
      raises.some((key) => expected.has(key));
    if (clashes && index > 0) return index;
    for (const key of [...keys, ...raises]) written.add(key);
    for (const key of expects) expected.add(key);
  }
  return items.length;
}
