import { describe, expect, it } from "vitest";
import { regex, regexProblem } from "./regex.ts";

describe("regex", () => {
  it.each([
    ["(?i)hello\\z", "say HELLO", true],
    ["\\bfoo\\b", "a foo b", true],
    ["^(a|b){2,3}$", "aba", true],
    ["^[[:alpha:]]+\\d$", "abc1", true],
    ["^\\s$", "\u00a0", false],
    ["^.$", "\u2028", true],
    ["^.$", "\n", false],
    ["^.$", "\u{1f600}", true],
    ["^\\p{Greek}+$", "αβγ", true],
    ["(?m)^b$", "a\nb\nc", true],
    ["^$", "", true],
    ["\\Qa.b\\E", "axb", false],
    ["^[^a-c\\]]$", "]", false],
    ["x{3}", "xx", false],
  ])("reads %j as RE2 does: %j %s", (pattern, text, matches) => {
    expect(regex(pattern).test(text)).toBe(matches);
  });

  it("finds the leftmost match, as Perl would choose it", () => {
    expect(regex("a|ab").find("xab")).toEqual({ start: 1, end: 2 });
    expect(regex("a+?").find("aa")).toEqual({ start: 0, end: 1 });
    expect(regex("a+").find("baab", 2)).toEqual({ start: 2, end: 3 });
    expect(regex("c").find("ab")).toBeUndefined();
  });

  it.each([
    ["(", "missing closing ): `(`"],
    [")", "unexpected ): `)`"],
    ["a**", "invalid nested repetition operator: `**`"],
    ["*a", "missing argument to repetition operator: `*`"],
    ["[a", "missing closing ]: `[a`"],
    ["\\", "trailing backslash at end of expression: ``"],
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["a{1001}", "invalid repeat count: `{1001}`"],
    ["(a{100}){100}", "invalid repeat count: `{100}`"],
    ["[z-a]", "invalid character class range: `z-a`"],
    ["\\1", "invalid escape sequence: `\\1`"],
  ])("refuses %j in Go's words", (pattern, why) => {
    expect(regexProblem(pattern)).toBe(`error parsing regexp: ${why}`);
  });

  it("does not take longer for what makes other engines backtrack", () => {
    const hostile = `${"a".repeat(50_000)}!`;
    expect(regex("^(a+)+$").test(hostile)).toBe(false);
    expect(regex("(a*)*b").test(hostile)).toBe(false);
    expect(regex("(.*)(.*)(.*)(.*)(.*)[^a!]").test(hostile)).toBe(false);
  });
});
