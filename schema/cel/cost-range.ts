/** Ranges of sizes and costs, which stay at the largest uint64 when they reach it (cel-go, checker/cost). Pure. */

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The largest uint64, as near as a number comes. */
export const unbounded = 2 ** 64;

const capped = (value: number): number => Math.min(value, unbounded);

export const fixed = (value: number): Range => ({ min: value, max: value });
export const zero = fixed(0);
export const unknownSize: Range = { min: 0, max: unbounded };

export function plus(...ranges: readonly Range[]): Range {
  return ranges.reduce((a, b) => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) }), zero);
}

export function times(a: Range, b: Range): Range {
  return { min: capped(a.min * b.min), max: capped(a.max * b.max) };
}

/** Rounded up. */
export function scaled({ min, max }: Range, factor: number): Range {
  return { min: capped(Math.ceil(min * factor)), max: capped(Math.ceil(max * factor)) };
}

export function union(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}
