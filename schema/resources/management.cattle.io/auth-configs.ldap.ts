/** What LDAP and Active Directory configurations must be like (webhook, Authconfig; RFC 4512 1.4, RFC 4515 3). Pure. */
import type { FieldError } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";

const types = ["openLdapConfig", "freeIpaConfig", "activeDirectoryConfig"];

const attributes = [
  "userSearchAttribute",
  "userLoginAttribute",
  "userObjectClass",
  "userNameAttribute",
  "userMemberAttribute",
  "userEnabledAttribute",
  "groupSearchAttribute",
  "groupObjectClass",
  "groupNameAttribute",
  "groupDNAttribute",
  "groupMemberUserAttribute",
  "groupMemberMappingAttribute",
];

const filters = ["userLoginFilter", "userSearchFilter", "groupSearchFilter"];

/** Of a configuration that is in force; another may be as unfinished as it likes. */
export function ldapErrors(config: object): FieldError[] {
  const values = config as Readonly<Record<string, unknown>>;
  const { type, enabled, servers } = values;
  if (enabled !== true || typeof type !== "string" || !types.includes(type)) return [];
  const errors =
    Array.isArray(servers) && servers.length > 0 ? [] : [required("servers", "at least one server")];
  for (const name of attributes) {
    const value = values[name] ?? "";
    if (value === "") continue;
    if (typeof value !== "string") {
      errors.push(invalid(name, null, "must be a text"));
      continue;
    }
    // Only this one is a list.
    const parts = name === "userSearchAttribute" ? value.split("|") : [value];
    if (!parts.every(isAttribute)) errors.push(invalid(name, value, "must be an LDAP attribute"));
  }
  for (const name of filters) {
    const value = values[name] ?? "";
    if (value !== "" && !(typeof value === "string" && isFilter(value)))
      errors.push(invalid(name, value, "must be an LDAP filter"));
  }
  return errors;
}

function isAttribute(text: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9-]*$/.test(text) || /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*$/.test(text);
}

const item =
  /^(?:[a-zA-Z0-9.-]+(?:;[a-zA-Z0-9-]+)*(?:=|~=|>=|<=)|(?:[a-zA-Z0-9.-]+(?:;[a-zA-Z0-9-]+)*)?(?::dn)?(?::[a-zA-Z0-9.-]+)?:=)(?:[^()\\\0]|\\[0-9a-fA-F]{2})*$/;
/** Deeper nesting than any directory needs. */
const maxNesting = 32;

/** RFC 4515: `(&(objectClass=person)(!(cn=a*)))`. */
export function isFilter(text: string): boolean {
  return endOfFilter(text, 0, 0) === text.length;
}

/** Where the filter that begins at `at` ends, or -1. */
function endOfFilter(text: string, at: number, nesting: number): number {
  if (text[at] !== "(" || nesting > maxNesting) return -1;
  const operator = text[at + 1] ?? "";
  if (operator === "&" || operator === "|") {
    let end = at + 2;
    while (text[end] === "(") {
      end = endOfFilter(text, end, nesting + 1);
      if (end < 0) return -1;
    }
    return end > at + 2 && text[end] === ")" ? end + 1 : -1;
  }
  if (operator === "!") {
    const end = endOfFilter(text, at + 2, nesting + 1);
    return end >= 0 && text[end] === ")" ? end + 1 : -1;
  }
  const end = text.indexOf(")", at);
  return end > at && item.test(text.slice(at + 1, end)) ? end + 1 : -1;
}
