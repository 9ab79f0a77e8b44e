/** Durations as Go writes them (time.ParseDuration): `1h30m`, `240h`, `-1.5s`, `0`. Pure. */

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds, or `undefined` for what Go does not read, or could not hold (292 years). */
export function durationMs(text: string): number | undefined {
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  let total = 0;
  let end = 0;
  for (const part of rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy)) {
    const [whole, number = "", unit = ""] = part;
    total += Number(number) * (units[unit] ?? 0);
    end = part.index + whole.length;
  }
  if (end === 0 || end !== rest.length || total > 9_223_372_036_854) return undefined;
  return sign === "-" ? -total : total;
}
