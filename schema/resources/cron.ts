/** Cron expressions as Rancher reads them (robfig/cron, ParseStandard): five fields, or a descriptor. Pure. */
import { durationMs } from "./durations.ts";

interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
];
const descriptors = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/** `0 0 * * 0`, `*` + `/15 * * * *`, `@daily`, `@every 1h`, each with `TZ=<zone> ` before it. */
export function isCron(text: string): boolean {
  const expression = text.replace(/^(?:CRON_)?TZ=[A-Za-z0-9_+/-]+\s+/, "").trim();
  if (descriptors.includes(expression)) return true;
  if (expression.startsWith("@every ")) return (durationMs(expression.slice(7)) ?? 0) > 0;
  const parts = expression.split(/\s+/);
  return (
    parts.length === fields.length &&
    fields.every((field, index) => (parts[index] ?? "").split(",").every((part) => isRange(part, field)))
  );
}

/** `*`, `?`, `5`, `1-5`, and each with a step. */
function isRange(text: string, field: Field): boolean {
  const [range = "", step, ...rest] = text.split("/");
  if (rest.length > 0 || (step !== undefined && !/^[1-9]\d{0,3}$/.test(step))) return false;
  if (range === "*" || range === "?") return true;
  const [from = "", to = from, ...more] = range.split("-");
  const [low, high] = [valueOf(from, field), valueOf(to, field)];
  return more.length === 0 && low !== undefined && high !== undefined && low <= high;
}

function valueOf(text: string, { least, most, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + least : /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return value >= least && value <= most ? value : undefined;
}
