/** What is wrong with names and label values, in the words of apimachinery (util/validation). Pure. */
import { dnsSubdomain, isDnsSubdomain } from "../resources/names.ts";

const subdomainForm =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelForm =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** RFC 1123 subdomain. */
export function subdomainProblems(name: string): string[] {
  return [
    ...(name.length > 253 ? ["must be no more than 253 characters"] : []),
    ...(dnsSubdomain.test(name) ? [] : [subdomainForm]),
  ];
}

/** RFC 1123 label. */
export function labelProblems(name: string): string[] {
  const fits = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name);
  return [...(name.length > 63 ? ["must be no more than 63 bytes"] : []), ...(fits ? [] : [labelForm])];
}

/** What may stand in a path of the API. */
export function pathSegmentProblems(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((one) => name.includes(one)).map((one) => `may not contain '${one}'`);
}

/** A label's value; empty when nothing is wrong. */
export function labelValueProblems(value: string): string[] {
  const form =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  const fits = /^(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value);
  return [...(value.length > 63 ? ["must be no more than 63 bytes"] : []), ...(fits ? [] : [form])];
}

/** `kind`: what the error calls it. */
export function qualifiedNameProblems(key: string, kind = "qualified name"): string[] {
  const form =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const parts = key.split("/");
  const [first = "", second] = parts;
  if (parts.length > 2)
    return [`a ${kind} ${form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const problems: string[] = [];
  const name = second ?? first;
  if (second !== undefined && first === "") problems.push("prefix part must be non-empty");
  else if (second !== undefined && !isDnsSubdomain(first)) problems.push(`prefix part ${subdomainForm}`);
  if (name === "") problems.push("name part must be non-empty");
  else if (name.length > 63) problems.push("name part must be no more than 63 bytes");
  if (!/^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name)) problems.push(`name part ${form}`);
  return problems;
}
