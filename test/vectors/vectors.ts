/** Reads what the Go program beside this file wrote. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The vectors of a topic, in the shape that the Go program gives them. */
export function vectors(topic: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, `${topic}.json`), "utf8"));
}

/** JSON with sorted keys: equal for equal values, members called `__proto__` included. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}

/** Freezes a JSON value throughout, so that a function which changes its input throws. */
export function deepFrozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFrozen);
  return Object.freeze(value);
}

/** Whether two JSON values have an object or array in common. */
export function shares(a: unknown, b: unknown): boolean {
  const parts = new Set(containers(a));
  return containers(b).some((part) => parts.has(part));
}

function containers(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(containers)];
}
