/** The formats that `format.named` knows, with Kubernetes' words for what does not hold to them. Pure. */
import { parseGoUrl } from "../net/go-url.ts";
import { goQuote } from "../structural/go-format.ts";
import { labelValueProblems, qualifiedNameProblems } from "../structural/name-problems.ts";
import { isOfFormat } from "../structural/formats.ts";
import type { NamedFormat } from "./values.ts";

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

function named(pattern: RegExp, max: number, why: string, prefix = false): NamedFormat["validate"] {
  return (text) => {
    // What ends in a dash may be the beginning of a name.
    const whole = prefix && text.length > 1 && text.endsWith("-") ? `${text.slice(0, -2)}a` : text;
    return [
      ...(whole.length > max ? [`must be no more than ${max} bytes`] : []),
      ...(pattern.test(whole) ? [] : [why]),
    ];
  };
}

const one =
  (format: string, why: string): NamedFormat["validate"] =>
  (text) =>
    isOfFormat(format, text) ? [] : [why];
const dns1123 = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const dnsSub = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const dns1035 = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;

const formats: ReadonlyMap<string, NamedFormat> = new Map<string, NamedFormat>([
  ["dns1123Label", { name: "DNS1123Label", maxRegexSize: 30, validate: named(dns1123, 63, label) }],
  [
    "dns1123Subdomain",
    { name: "DNS1123Subdomain", maxRegexSize: 60, validate: named(dnsSub, 253, subdomain) },
  ],
  ["dns1035Label", { name: "DNS1035Label", maxRegexSize: 30, validate: named(dns1035, 63, label1035) }],
  [
    "qualifiedName",
    { name: "QualifiedName", maxRegexSize: 60, validate: (text) => qualifiedNameProblems(text) },
  ],
  [
    "dns1123LabelPrefix",
    { name: "DNS1123LabelPrefix", maxRegexSize: 30, validate: named(dns1123, 63, label, true) },
  ],
  [
    "dns1123SubdomainPrefix",
    { name: "DNS1123SubdomainPrefix", maxRegexSize: 60, validate: named(dnsSub, 253, subdomain, true) },
  ],
  [
    "dns1035LabelPrefix",
    { name: "DNS1035LabelPrefix", maxRegexSize: 30, validate: named(dns1035, 63, label1035, true) },
  ],
  ["labelValue", { name: "LabelValue", maxRegexSize: 40, validate: labelValueProblems }],
  [
    "uri",
    {
      name: "URI",
      maxRegexSize: 1103,
      validate: (text) => {
        if (text === "") return ['parse "": empty url'];
        return parseGoUrl(text) === undefined ? [`parse ${goQuote(text)}: invalid URI for request`] : [];
      },
    },
  ],
  ["uuid", { name: "uuid", maxRegexSize: 70, validate: one("uuid", "does not match the UUID format") }],
  ["byte", { name: "byte", maxRegexSize: 84, validate: one("byte", "invalid base64") }],
  ["date", { name: "date", maxRegexSize: 71, validate: one("date", "invalid date") }],
  ["datetime", { name: "datetime", maxRegexSize: 71, validate: one("datetime", "invalid datetime") }],
]);

export function namedFormat(name: string): NamedFormat | undefined {
  return formats.get(name);
}
