/** The `format`s that Kubernetes checks in CustomResourceDefinitions (kube-openapi, strfmt); unknown ones are not. Pure. */
import { parseAddress, parsePrefix } from "../net/ip.ts";
import { parseRequestUri } from "../net/request-uri.ts";
import { regex } from "../re2/regex.ts";
import { isEmail } from "./email.ts";
import { parseGoDuration } from "./go-duration.ts";
import type { JsonSchema } from "./types.ts";

type Test = (text: string) => boolean;
const like =
  (pattern: RegExp): Test =>
  (text) =>
    pattern.test(text);
const hex = "[0-9a-f]";
const uuid = (third: string, fourth: string): Test =>
  like(new RegExp(`^${hex}{8}-?${hex}{4}-?${third}-?${fourth}-?${hex}{12}$`, "i"));
const hex4 = `${hex}{4}`;
const hostname = String.raw`^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$`;
const shortName = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const channel = String.raw`\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*`;

/** By name without dashes. */
const formats: Readonly<Record<string, Test>> = {
  bsonobjectid: like(/^[0-9a-f]{24}$/i),
  uri: (text) => parseRequestUri(text),
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => text.includes(".") && !text.includes("%") && parseAddress(text, true) !== undefined,
  ipv6: (text) => text.includes(":") && !text.includes("%") && parseAddress(text) !== undefined,
  cidr: (text) => parsePrefix(text, true) !== undefined,
  mac: isMac,
  uuid: uuid(hex4, hex4),
  uuid3: uuid(`3${hex}{3}`, hex4),
  uuid4: uuid(`4${hex}{3}`, `[89ab]${hex}{3}`),
  uuid5: uuid(`5${hex}{3}`, `[89ab]${hex}{3}`),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: like(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: like(new RegExp(`^rgb\\(${[channel, channel, channel].join(",")}\\)$`)),
  byte: (text) => text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && new RegExp(`^${shortName}$`).test(text),
  k8slongname: (text) => text.length <= 253 && new RegExp(`^${shortName}(?:\\.${shortName})*$`).test(text),
};

const numbers: Readonly<Record<string, readonly string[]>> = {
  integer: ["int32", "int64"],
  number: ["float", "double"],
};

/** The format that counts for values of the schema's type; `undefined` when there is none, or an unknown one. */
export function effectiveFormat(schema: JsonSchema): string | undefined {
  const { format, type } = schema;
  if (format === undefined || format === "") return undefined;
  if (type === undefined || type === "string")
    return Object.hasOwn(formats, format.replaceAll("-", "")) ? format : undefined;
  return numbers[type]?.includes(format) === true ? format : undefined;
}

/** Whether a text is of a format that `effectiveFormat` gave. */
export function isOfFormat(format: string, text: string): boolean {
  const name = format.replaceAll("-", "");
  return !Object.hasOwn(formats, name) || formats[name]?.(text) === true;
}

function isHostname(text: string): boolean {
  const bytes = (part: string): number => new TextEncoder().encode(part).length;
  return (
    regex(hostname).test(text) && bytes(text) <= 255 && text.split(".").every((part) => bytes(part) <= 63)
  );
}

function isMac(text: string): boolean {
  const length = text.replace(/[^0-9a-f]/gi, "").length / 2;
  return (
    [6, 8, 20].includes(length) &&
    (/^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i.test(text) ||
      /^[0-9a-f]{2}(?:-[0-9a-f]{2})+$/i.test(text) ||
      /^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i.test(text))
  );
}

const withoutBlanks = (text: string): string => text.replace(/[\t\n\f\r -]+/g, "");

function isIsbn10(text: string): boolean {
  const digits = withoutBlanks(text);
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
  const sum = Array.from(digits, (char, at) => (at + 1) * (char === "X" ? 10 : Number(char)));
  return sum.reduce((a, b) => a + b) % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = withoutBlanks(text);
  if (!/^[0-9]{13}$/.test(digits)) return false;
  const sum = Array.from(digits.slice(0, 12), (char, at) => (at % 2 === 0 ? 1 : 3) * Number(char));
  return Number(digits[12]) === (10 - (sum.reduce((a, b) => a + b) % 10)) % 10;
}

const cards =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "");
  if (!cards.test(digits)) return false;
  const sum = Array.from(digits)
    .toReversed()
    .map((char, at) => (at % 2 === 0 ? Number(char) : 2 * Number(char)))
    .map((value) => (value > 9 ? value - 9 : value));
  return sum.reduce((a, b) => a + b) % 10 === 0;
}

export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [, year, month, day] = match.map(Number);
  if (month === undefined || day === undefined || month < 1 || month > 12 || day < 1) return false;
  const leap = year !== undefined && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

/** Offsets are not looked into, and any character may stand before the fraction: so Kubernetes reads it. */
function isDateTime(text: string): boolean {
  const [date = "", time] = text.toLowerCase().split("t");
  if (time === undefined || !isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:[^\n]\d+)?(?:z|[+-]\d{2}:\d{2})$/u.exec(time);
  if (match === null) return false;
  const [, hour = "", minute = "", second = ""] = match;
  return hour <= "23" && minute <= "59" && second <= "59";
}

const units = [
  "ns",
  "nano",
  "us",
  "µs",
  "micro",
  "ms",
  "milli",
  "s",
  "sec",
  "m",
  "min",
  "h",
  "hr",
  "hour",
  "d",
  "day",
  "w",
  "wk",
  "week",
];
const openUnits = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];

/** A Go duration, or amounts with units anywhere in the text: `3 weeks`. */
function isDuration(text: string): boolean {
  if (parseGoDuration(text) !== undefined) return true;
  let known = false;
  for (const [, amount = "", word = ""] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    if (BigInt(amount) > 2n ** 63n - 1n) return false;
    const unit = word.toLowerCase();
    known ||= units.includes(unit) || openUnits.some((prefix) => unit.startsWith(prefix));
  }
  return known;
}
