/** Mail addresses as Go's net/mail reads them, as far as `format: email` needs it: `a@b`, `"Name" <a@b>`. Pure. */

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\u{10ffff}-]+";
const dotAtom = `${atom}(?:\\.${atom})*`;
const quoted = '"(?:[^"\\\\\\r\\n]|\\\\.)*"';
const domain = `(?:${dotAtom}|\\[[^\\[\\]\\\\]*\\])`;
const address = `(?:${dotAtom}|${quoted})@${domain}`;
const word = `(?:${atom}|${quoted})`;
const bare = new RegExp(`^${address}$`, "u");
const named = new RegExp(`^(?:${word}(?:[ \\t]+${word}|\\.)*)?[ \\t]*<${address}>$`, "u");
/** Longer texts are no addresses, and are not worth the search. */
const maxLength = 1000;

export function isEmail(text: string): boolean {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, "");
  return text.length <= maxLength && (bare.test(trimmed) || named.test(trimmed));
}
