package main

import (
	"regexp"
	"unicode/utf8"
)

var texts = []string{
	"", "a", "b", "ab", "abc", "ABC", "aaa", "aab", "foo", "a foo b", "foo\nbar", "123", "a1", "1.2.3", "x-y", "x_y", "äöü", "αβγ",
	"\u00a0", " ", "\t\n", "日本", "😀", "a😀b", "K", "ſ", "\u212a", "a.b", "a\\b", "]", "-", "^", "[a]", "{1}", "a{1}", "$", "test@example.com", "2026-01-02", "\u2028",
}

var patterns = []string{
	"", "a", "^a", "a$", "^a$", "^a*$", "^a+$", "^a?$", "a|b", "^(a|b)*$", "^(?:ab)+$", "(?i)abc", "(?i)^k$", "(?i)^s$", "^(?i:a)B$", `\d`, `^\d+$`, `\D`, `\w+`, `^\w+$`, `\W`, `\s`, `^\s+$`, `\S`,
	".", "^.$", "^..$", "(?s)^.$", "(?s)foo.bar", "foo.bar", "(?m)^bar$", "^bar$", `\Afoo`, `foo\z`, `foo$`, `\bfoo\b`, `\Bo`, "[abc]", "^[^abc]$", "[a-c]", "[]]", "[^]]", "[-a]", "[a-]", `[\]]`, `[\d]`, `[^\d]`, `[\w-]`, "[[:alpha:]]", "[[:^alpha:]]", "[[:digit:][:space:]]",
	"[[:word:]]+", "[[:punct:]]", `\pL`, `^\pL+$`, `\p{L}`, `\p{Lu}`, `\P{L}`, `\p{^L}`, `\p{Greek}`, `^\p{Han}+$`, `\p{Nd}`, "a{2}", "a{2,}", "a{1,2}", "^a{0}$", "a{", "a{1", "a{,2}", "a{1}", `a\{1\}`, "{1}", "a{01}", "x*?", "a+?", "a??", "(a+)(b+)", "(?P<n>a)", "(?<n>a)", "a||b", "()", "(|a)", "^(|a)b$",
	`\Q.\E`, `\Qa.b`, `a\.b`, `\\`, `\x41`, `\x{1F600}`, `\101`, `\07`, `\a\f\n\r\t\v`, `\-`, `\_`, `\@`, `^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$`, `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, `^\d{4}-\d{2}-\d{2}$`, "(?U)a+", "(?-i)a", "(?i-s)A", "(?im)^B$", "^(a*)*$", "^(a|aa)+$", "(x+x+)+y", "日", "[日本]", "[😀]", "^[^a]$", "(?i)[a-c]", "(?i)[^a]", `(?i)\w`, `[\s\S]`, `[^\s\S]`, "^$", "$^", "a^b", "a$b",
	// Refused.
	"(", ")", "a)", "(a", "[", "[a", "[]", "[^]", "a**", "a*+", "a++", "a???", "*", "+a", "?", "|*", "(*a)", "^*", "$*", `\`, `a\`, "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?>a)", "(?i", "(?", "(?z)", "(?P<n", "(?P<>a)", "(?P<n!>a)", "(?P=n)", `\1`, `(a)\1`, `\8`, `\9`, `\c`, `\e`, `\i`, `\u0041`, `\Z`, `\G`, `\C`, `\x`, `\xg`, `\x{}`, `\x{110000}`, `\p`, `\pX`, `\p{`, `\p{Foo}`, "[z-a]", "[a-\\d]", "[[:foo:]]", "a{1001}", "a{2,1}", "a{1,1001}", "(a{100}){100}", "((a{10}){10}){11}", "(a{1000}){2}", "{2}*", "a{2}{3}", "(?i)(?", "x{1}{2}", "\\pL{2}*",
}

func patternVectors() any {
	out := []patternVector{}
	for _, pattern := range patterns {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			out = append(out, patternVector{Pattern: pattern, Error: err.Error()})
			continue
		}
		vector := patternVector{Pattern: pattern}
		for _, text := range texts {
			found := compiled.FindStringIndex(text)
			for i := range found {
				found[i] = utf8.RuneCountInString(text[:found[i]])
			}
			if found == nil {
				found = []int{}
			}
			vector.Matches = append(vector.Matches, found)
		}
		out = append(out, vector)
	}
	return struct {
		Texts    []string        `json:"texts"`
		Patterns []patternVector `json:"patterns"`
	}{texts, out}
}
