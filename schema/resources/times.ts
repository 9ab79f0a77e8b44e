/** metav1.Time and metav1.MicroTime: what Kubernetes takes for one, and the form in which it stores it. Pure. */
import type { JsonSchema } from "../structural/types.ts";

/** Of both, in Kubernetes' OpenAPI. */
export const timeSchema = { type: "string", format: "date-time" } as const satisfies JsonSchema;
/** The same; being another object says that it is a MicroTime. */
export const microTimeSchema = { ...timeSchema } as const satisfies JsonSchema;
/** Both, where Go writes the zero time, as null. */
export const writtenTimeSchema = { ...timeSchema, nullable: true } as const satisfies JsonSchema;
export const writtenMicroTimeSchema = { ...timeSchema, nullable: true } as const satisfies JsonSchema;

export function isMicroTime(schema: JsonSchema): boolean {
  return schema === microTimeSchema || schema === writtenMicroTimeSchema;
}

const time = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const microTime = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{6}))(Z|[+-]\d{2}:\d{2})$/;

/** RFC 3339 in UTC and whole seconds: a fraction is dropped. `undefined`: not a time. */
export function canonicalTime(text: string): string | undefined {
  const [, local, zone] = time.exec(text) ?? [];
  const seconds = inUtc(local, zone);
  return seconds === undefined ? undefined : `${seconds}Z`;
}

/** RFC 3339 in UTC with six digits of a second; Kubernetes takes no other number of digits. `undefined`: not one. */
export function canonicalMicroTime(text: string): string | undefined {
  const [, local, micros, zone] = microTime.exec(text) ?? [];
  const seconds = inUtc(local, zone);
  return seconds === undefined ? undefined : `${seconds}.${micros}Z`;
}

function inUtc(local: string | undefined, zone: string | undefined): string | undefined {
  if (local === undefined || zone === undefined) return undefined;
  const [hours = 0, minutes = 0] = zone === "Z" ? [] : zone.slice(1).split(":").map(Number);
  const milliseconds = Date.parse(`${local}Z`);
  // The parser takes 30 February for 2 March, and 24:00 for the next day.
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(local)) return undefined;
  if (hours > 23 || minutes > 59) return undefined;
  const offset = (hours * 60 + minutes) * 60_000 * (zone.startsWith("-") ? -1 : 1);
  const text = new Date(milliseconds - offset).toISOString();
  return /^\d{4}-/.test(text) ? text.slice(0, local.length) : undefined;
}
