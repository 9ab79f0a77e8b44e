/** Durations as kubectl shows them in AGE columns (k8s.io/apimachinery, duration.HumanDuration). Pure. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** Two figures at most. `<invalid>` from two seconds into the future on: clocks differ by less. */
export function humanDuration(ms: number): string {
  const s = Math.trunc(ms / 1000);
  if (s < -1) return "<invalid>";
  if (s <= 0) return "0s";
  if (s < 2 * minute) return `${s}s`;
  if (s < 10 * minute) return pair(s, minute, "m", 1, "s");
  if (s < 3 * hour) return `${Math.floor(s / minute)}m`;
  if (s < 8 * hour) return pair(s, hour, "h", minute, "m");
  if (s < 2 * day) return `${Math.floor(s / hour)}h`;
  if (s < 8 * day) return pair(s, day, "d", hour, "h");
  if (s < 2 * year) return `${Math.floor(s / day)}d`;
  if (s < 8 * year) return pair(s, year, "y", day, "d");
  return `${Math.floor(s / year)}y`;
}

/** The smaller unit is left out when it is zero. */
function pair(s: number, unit: number, letter: string, smallUnit: number, smallLetter: string): string {
  const small = Math.floor((s % unit) / smallUnit);
  return `${Math.floor(s / unit)}${letter}${small === 0 ? "" : `${small}${smallLetter}`}`;
}

/** RFC 3339, as Go's time.Parse takes it. */
const timestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
/** Go's zero time, which stands for none. */
const zeroTime = Date.parse("0001-01-01T00:00:00Z");

/** How long ago a timestamp was: `<unknown>` for none, `<invalid>` for what is no RFC 3339 timestamp. */
export function ageOf(time: unknown, now: Date): string {
  return ageAt(momentOf(time), now);
}

/** Epoch milliseconds, or what is shown where there are none. */
export type Moment = number | "<unknown>" | "<invalid>";

export function ageAt(moment: Moment, now: Date): string {
  return typeof moment === "number" ? humanDuration(now.getTime() - moment) : moment;
}

export function momentOf(time: unknown): Moment {
  if (time === undefined || time === null || time === "" || time === "null") return "<unknown>";
  if (typeof time !== "string" || !timestamp.test(time)) return "<invalid>";
  const at = Date.parse(time.replace(",", "."));
  if (Number.isNaN(at)) return "<invalid>";
  return at === zeroTime ? "<unknown>" : at;
}
