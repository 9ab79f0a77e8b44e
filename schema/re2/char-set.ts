/** Sets of code points as sorted, disjoint ranges: `[lo, hi, lo, hi, …]`, both ends inclusive. Pure. */

export type CharSet = readonly number[];

export const maxRune = 0x10ffff;
export const anyRune: CharSet = [0, maxRune];

/** The set of what is in any of the given ranges, which may overlap and stand in any order. */
export function normalized(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0]);
  pairs.sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [lo, hi] of pairs) {
    const last = out.at(-1);
    if (last !== undefined && lo <= last + 1) out[out.length - 1] = Math.max(last, hi);
    else out.push(lo, hi);
  }
  return out;
}

export function negated(set: CharSet): CharSet {
  const out: number[] = [];
  let next = 0;
  for (let i = 0; i + 1 < set.length; i += 2) {
    const lo = set[i] ?? 0;
    if (lo > next) out.push(next, lo - 1);
    next = (set[i + 1] ?? 0) + 1;
  }
  if (next <= maxRune) out.push(next, maxRune);
  return out;
}

export function contains(set: CharSet, rune: number): boolean {
  let low = 0;
  let high = set.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rune < (set[2 * middle] ?? 0)) high = middle - 1;
    else if (rune > (set[2 * middle + 1] ?? 0)) low = middle + 1;
    else return true;
  }
  return false;
}

/** Code points that differ from `rune` only in case, by simple folding (one code point for one). */
function variants(rune: number): number[] {
  const text = String.fromCodePoint(rune);
  const found = new Set<number>();
  const add = (other: string): void => {
    const code = other.codePointAt(0);
    if (code !== undefined && code !== rune && String.fromCodePoint(code) === other) found.add(code);
  };
  for (const other of [text.toLowerCase(), text.toUpperCase()]) {
    add(other);
    add(other.toLowerCase());
    add(other.toUpperCase());
  }
  // The letters of other scripts that fold to ASCII: the Kelvin sign and the long s.
  if (text === "k" || text === "K") found.add(0x212a);
  if (text === "s" || text === "S") found.add(0x17f);
  return [...found];
}

/** Wider sets are taken as closed under case folding: they hold whole alphabets. */
const maxFolded = 4096;

export function caseFolded(set: CharSet): CharSet {
  const out = [...set];
  for (let i = 0; i + 1 < set.length; i += 2) {
    const lo = set[i] ?? 0;
    const hi = Math.min(set[i + 1] ?? 0, lo + maxFolded);
    for (let rune = lo; rune <= hi; rune++) for (const other of variants(rune)) out.push(other, other);
  }
  return normalized(out);
}

const unicode = new Map<string, CharSet | undefined>();

/** The set of a Unicode general category or script (`L`, `Lu`, `Greek`); `undefined` when there is none of that name. */
export function unicodeSet(name: string): CharSet | undefined {
  if (name === "Any") return anyRune;
  if (!unicode.has(name)) unicode.set(name, scan(name));
  return unicode.get(name);
}

function scan(name: string): CharSet | undefined {
  const test = unicodeTest(name);
  if (test === undefined) return undefined;
  const out: number[] = [];
  let start = -1;
  for (let rune = 0; rune <= maxRune + 1; rune++) {
    const inside =
      rune <= maxRune &&
      !(rune >= 0xd800 && rune <= 0xdfff && name !== "C" && name !== "Cs") &&
      test.test(String.fromCodePoint(rune));
    if (inside && start < 0) start = rune;
    else if (!inside && start >= 0) {
      out.push(start, rune - 1);
      start = -1;
    }
  }
  return out;
}

function unicodeTest(name: string): RegExp | undefined {
  // Only what RE2 knows: one- and two-letter categories by those names, and scripts.
  const kinds = /^[A-Z][a-z&]?$/.test(name) ? [`gc=${name}`] : [`Script=${name}`];
  for (const kind of kinds) {
    try {
      return new RegExp(`\\p{${kind}}`, "u");
    } catch {
      continue;
    }
  }
  return undefined;
}
