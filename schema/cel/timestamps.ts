/** Points in time: RFC 3339, parts of a date in a time zone. Nanoseconds since 1970. Pure. */
import { isDate } from "../structural/formats.ts";

const second = 1_000_000_000n;
const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** `undefined` when it is none. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [
    ,
    date = "",
    hour = "",
    minute = "",
    seconds = "",
    fraction = "",
    sign,
    zoneHour = "0",
    zoneMinute = "0",
  ] = match;
  if (!isDate(date) || hour > "23" || minute > "59" || seconds > "59" || zoneHour > "24" || zoneMinute > "59")
    return undefined;
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === "-" ? -60 : 60);
  const local = midnight(date) + Number(hour) * 3600 + Number(minute) * 60 + Number(seconds);
  return BigInt(local - offset) * second + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** Seconds since 1970 at the beginning of a day of UTC; `Date.UTC` reads years below 100 otherwise. */
function midnight(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1000;
}

export function parseDay(date: string): bigint | undefined {
  return isDate(date) ? BigInt(midnight(date)) * second : undefined;
}

/** RFC 3339 in UTC, with as many digits of a second as there are. */
export function formatTimestamp(nanos: bigint): string {
  const { seconds, rest } = split(nanos);
  const fraction = rest === 0n ? "" : `.${rest.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction}Z`;
}

function split(nanos: bigint): { readonly seconds: bigint; readonly rest: bigint } {
  const rest = ((nanos % second) + second) % second;
  return { seconds: (nanos - rest) / second, rest };
}

export interface TimeParts {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly dayOfYear: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

/** `undefined`: there is no such zone. */
export function timeParts(nanos: bigint, zone: string | undefined): TimeParts | undefined {
  const offset = zone === undefined ? 0 : offsetOf(nanos, zone);
  if (offset === undefined) return undefined;
  const { seconds, rest } = split(nanos);
  const date = new Date((Number(seconds) + offset) * 1000);
  const year = date.getUTCFullYear();
  const newYear = new Date(date);
  newYear.setUTCMonth(0, 1);
  newYear.setUTCHours(0, 0, 0, 0);
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    dayOfYear: Math.floor((date.getTime() - newYear.getTime()) / 86_400_000),
    hours: date.getUTCHours(),
    minutes: date.getUTCMinutes(),
    seconds: date.getUTCSeconds(),
    milliseconds: Number(rest / 1_000_000n),
  };
}

/** Seconds to add to UTC: `+02:00`, `-5:30`, `Europe/Berlin`. */
function offsetOf(nanos: bigint, zone: string): number | undefined {
  const fixed = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (fixed !== null) {
    const [, sign, hours, minutes] = fixed;
    return (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60 : 60);
  }
  if (zone === "" || zone === "UTC") return 0;
  if (zone.includes(":")) return undefined;
  const millis = Number(split(nanos).seconds) * 1000;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    const parts = Object.fromEntries(format.formatToParts(millis).map(({ type, value }) => [type, value]));
    const { year = "", month = "", day = "", hour = "", minute = "", second: at = "" } = parts;
    const local = Date.parse(`${year.padStart(4, "0")}-${month}-${day}T${hour}:${minute}:${at}Z`);
    return (local - millis) / 1000;
  } catch {
    return undefined;
  }
}
