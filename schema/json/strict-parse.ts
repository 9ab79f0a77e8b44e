/**
 * The one JSON parser for what clients send: it reports members that stand twice and refuses what JSON.parse would round.
 * JSON.parse gives the value, one scan of the text tells whether that is all: if not, the text is walked in full.
 */
import { JsonSyntaxError } from "./errors.ts";
import { walk } from "./walk.ts";
import type { ParsedJson } from "./walk.ts";

export { JsonSyntaxError } from "./errors.ts";
export type { ParsedJson } from "./walk.ts";

/** Deepest nesting of arrays and objects. */
export const maxNesting = 64;

/**
 * Throws JsonSyntaxError for what is no JSON (a byte order mark included), for nesting beyond 64, for integers beyond
 * 2^53-1 and for numbers beyond a double. Numbers with a fraction or an exponent are doubles, as in Kubernetes; lone
 * surrogates stay as they are. Duplicates as sigs.k8s.io/json reports them in strict decoding.
 */
export function parseStrictJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    walk(text, maxNesting);
    // Reached only if the walker lets pass what JSON.parse refuses.
    throw new JsonSyntaxError(error instanceof Error ? error.message : "invalid JSON", 0);
  }
  const { members, escapedKey } = scan(text);
  // V8 13.6, in Node 24 though not in workerd, takes an escaped key for another: after {"a":1,"\\":2} it reads the
  // "\u0062" of {"a":1,"\u0062":2} as "\\", because it compares the key that it expects with the text as written.
  if (escapedKey) return walk(text, maxNesting);
  // An object with a duplicate has fewer members than its text.
  return members === countMembers(value) ? { value, duplicates: [] } : walk(text, maxNesting);
}

const quote = 0x22;
const plus = 0x2b;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;
const colon = 0x3a;
const upperE = 0x45;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const lowerE = 0x65;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Number.MAX_SAFE_INTEGER has so many digits. */
const safeDigits = 16;
/** Without an exponent, no shorter number is beyond a double. */
const doubleDigits = 308;

interface Scanned {
  /** Of all objects. */
  readonly members: number;
  /** Whether any key is written with an escape. */
  readonly escapedKey: boolean;
}

/** Of a text that is JSON. Throws JsonSyntaxError for nesting and numbers beyond the limits. */
function scan(text: string): Scanned {
  let members = 0;
  let escapedKey = false;
  let depth = 0;
  // The last string, which is a key if a colon follows; and the first backslash that is not before it.
  let start = 0;
  let end = 0;
  let nextEscape = indexOfEscape(text, 0);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      start = at;
      at = end = endOfString(text, at);
    } else if (code === colon) {
      members++;
      if (nextEscape < start) nextEscape = indexOfEscape(text, start);
      if (nextEscape < end) escapedKey = true;
    } else if (code === openBrace || code === openBracket) {
      if (++depth > maxNesting) throw nestingError(at);
    } else if (code === closeBrace || code === closeBracket) depth--;
    else if (code === minus || (code >= zero && code <= nine)) at = checkNumber(text, at) - 1;
  }
  return { members, escapedKey };
}

function indexOfEscape(text: string, from: number): number {
  const index = text.indexOf("\\", from);
  return index === -1 ? Infinity : index;
}

/** Index of the closing quote. */
function endOfString(text: string, start: number): number {
  const first = text.indexOf('"', start + 1);
  if (text.charCodeAt(first - 1) !== backslash) return first;
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote) return at;
  }
}

/** Index after the number. */
function checkNumber(text: string, start: number): number {
  let at = start;
  let integer = true;
  let exponent = false;
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) continue;
    if (code === dot) integer = false;
    else if (code === lowerE || code === upperE) {
      integer = false;
      exponent = true;
    } else if (code !== minus && code !== plus) break;
  }
  const length = at - start;
  if (integer ? length >= safeDigits : exponent || length > doubleDigits) {
    const number = Number(text.slice(start, at));
    if (integer && !Number.isSafeInteger(number)) throw numberError(text.slice(start, at), "2^53-1", start);
    if (!Number.isFinite(number)) throw numberError(text.slice(start, at), "a double", start);
  }
  return at;
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += countMembers(item);
  else {
    const all = Object.values(value);
    members = all.length;
    for (const member of all) members += countMembers(member);
  }
  return members;
}

function nestingError(offset: number): JsonSyntaxError {
  return new JsonSyntaxError(`JSON nests deeper than ${maxNesting} levels`, offset);
}

function numberError(number: string, limit: string, offset: number): JsonSyntaxError {
  const shown = number.length > 40 ? `${number.slice(0, 40)}…` : number;
  return new JsonSyntaxError(`the number ${shown} is beyond ${limit}`, offset);
}
