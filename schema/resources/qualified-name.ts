/** Qualified names: `name` or `prefix/name`, as labels, finalizers and reporting components have (apimachinery, util/validation). Pure. */
import { isDnsSubdomain } from "./names.ts";

const namePart = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/** The prefix is a DNS subdomain, the name at most 63 letters, digits, '-', '_' and '.'. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash >= 0 && !isDnsSubdomain(text.slice(0, slash))) return false;
  return namePart.test(text.slice(slash + 1));
}
