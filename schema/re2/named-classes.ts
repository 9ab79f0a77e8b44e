/** The classes that RE2 has names for. `\w`, `\d` and `\s` are ASCII, unlike JavaScript's `\s`. Pure. */
import type { CharSet } from "./char-set.ts";

const codes = (text: string): CharSet => Array.from(text, (char) => char.codePointAt(0) ?? 0);

export const perlClasses: Readonly<Record<string, CharSet>> = {
  d: codes("09"),
  s: [9, 10, 12, 13, 32, 32],
  w: codes("09AZ__az"),
};

export const posixClasses: Readonly<Record<string, CharSet>> = {
  alnum: codes("09AZaz"),
  alpha: codes("AZaz"),
  ascii: [0, 0x7f],
  blank: [9, 9, 32, 32],
  cntrl: [0, 0x1f, 0x7f, 0x7f],
  digit: codes("09"),
  graph: codes("!~"),
  lower: codes("az"),
  print: codes(" ~"),
  punct: codes("!/:@[`{~"),
  space: [9, 13, 32, 32],
  upper: codes("AZ"),
  word: codes("09AZ__az"),
  xdigit: codes("09AFaf"),
};
