/** Writes that change nothing keep their times, so that nothing is written (apiserver `IgnoreManagedFieldsTimestamps`). Pure. */
import { same } from "../patch/values.ts";
import type { ManagedFieldsEntry } from "./managers.ts";

type Entries = readonly ManagedFieldsEntry[];

/**
 * The entries to store: those of before, where they say the same but for times and `isSame` says that the rest of the object
 * did not change either.
 */
export function withIdleTimes(
  before: Entries | undefined,
  after: Entries | undefined,
  isSameObject: () => boolean,
): Entries | undefined {
  if (before === undefined || after === undefined || before === after) return after;
  if (before.length !== after.length || before.length === 0) return after;
  const alike = after.every((entry, index) => same({ ...entry, time: "" }, { ...before[index], time: "" }));
  return alike && isSameObject() ? before : after;
}
