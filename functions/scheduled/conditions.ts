/** Conditions of a management object: pure changes that keep untouched entries, order and times. */
import type { Condition } from "../../schema/object.ts";

export interface ConditionChange {
  readonly type: string;
  readonly status: Condition["status"];
  readonly reason?: string;
  readonly message?: string;
}

/**
 * The conditions after the changes. Returns the very same array when nothing differs, so that a steady state is
 * seen as one and not written. `lastTransitionTime` moves with the status, `lastUpdateTime` with any difference.
 */
export function withConditions(
  conditions: readonly Condition[] | undefined,
  changes: readonly ConditionChange[],
  now: Date,
): readonly Condition[] {
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const current = conditions ?? [];
  let result = current;
  for (const change of changes) {
    const before = result.find((condition) => condition.type === change.type);
    if (before !== undefined && isSame(before, change)) continue;
    const after: Condition = {
      type: change.type,
      status: change.status,
      ...(change.reason === undefined ? {} : { reason: change.reason }),
      ...(change.message === undefined ? {} : { message: change.message }),
      lastUpdateTime: time,
      lastTransitionTime: before?.status === change.status ? (before.lastTransitionTime ?? time) : time,
    };
    result =
      before === undefined
        ? [...result, after]
        : result.map((condition) => (condition === before ? after : condition));
  }
  return result;
}

function isSame(before: Condition, change: ConditionChange): boolean {
  return (
    before.status === change.status &&
    (before.reason ?? "") === (change.reason ?? "") &&
    (before.message ?? "") === (change.message ?? "")
  );
}

export function conditionStatus(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition["status"] | undefined {
  return conditions?.find((condition) => condition.type === type)?.status;
}
