/** Parts of timestamps and durations. Pure. */
import { timeParts } from "../timestamps.ts";
import type { TimeParts } from "../timestamps.ts";
import { CelError, Duration, Timestamp } from "../values.ts";
import type { Result, Value } from "../values.ts";

const part =
  (of: (parts: TimeParts) => number, ofDuration?: (nanos: bigint) => bigint) =>
  ([value = null, zone]: readonly Value[]): Result | undefined => {
    if (value instanceof Duration) return zone === undefined ? ofDuration?.(value.nanos) : undefined;
    if (!(value instanceof Timestamp) || (zone !== undefined && typeof zone !== "string")) return undefined;
    const parts = timeParts(value.nanos, zone);
    return parts === undefined ? new CelError(`unknown time zone ${zone ?? ""}`) : BigInt(of(parts));
  };

export const times: Readonly<Record<string, (args: readonly Value[]) => Result | undefined>> = {
  getFullYear: part(({ year }) => year),
  getMonth: part(({ month }) => month),
  getDate: part(({ day }) => day),
  getDayOfMonth: part(({ day }) => day - 1),
  getDayOfWeek: part(({ weekday }) => weekday),
  getDayOfYear: part(({ dayOfYear }) => dayOfYear),
  getHours: part(
    ({ hours }) => hours,
    (nanos) => nanos / 3_600_000_000_000n,
  ),
  getMinutes: part(
    ({ minutes }) => minutes,
    (nanos) => nanos / 60_000_000_000n,
  ),
  getSeconds: part(
    ({ seconds }) => seconds,
    (nanos) => nanos / 1_000_000_000n,
  ),
  getMilliseconds: part(
    ({ milliseconds }) => milliseconds,
    (nanos) => nanos / 1_000_000n,
  ),
};
