/** THE evaluator: rules and a request in, decision out, with exactly Kubernetes' semantics (auth.md 7.9). Pure. */
import type { ResourceAttributes, ScopedRule } from "./types.ts";

/** Whether any rule allows the request. Rules only add: nothing denies. */
export function allows(rules: readonly ScopedRule[], attributes: ResourceAttributes): boolean {
  return rules.some((rule) => ruleAllows(rule, attributes));
}

function ruleAllows(
  rule: ScopedRule,
  { verb, group, resource, namespace = "", name }: ResourceAttributes,
): boolean {
  return (
    holdsIn(rule, namespace) &&
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    coversResource(rule.resources, resource) &&
    coversName(rule.resourceNames, name)
  );
}

/** Whether any rule allows `verb` on a path that is no resource. Only a trailing `*` is a wildcard. */
export function allowsPath(rules: readonly ScopedRule[], verb: string, path: string): boolean {
  return rules.some(
    (rule) =>
      holdsIn(rule, "") &&
      has(rule.verbs, verb) &&
      (rule.nonResourceURLs ?? []).some((url) => coversPath(url, path)),
  );
}

/**
 * Names of a type's objects that rules with `resourceNames` open for `verb`. A caller who may not list the type may
 * still be shown these (norman-v3.md 1.8: a list holds what may be read).
 */
export function allowedNames(
  rules: readonly ScopedRule[],
  attributes: Omit<ResourceAttributes, "name">,
): readonly string[] {
  const names = rules.flatMap((rule) => rule.resourceNames ?? []);
  return [...new Set(names)].filter((name) => allows(rules, { ...attributes, name }));
}

/** `namespace` empty: of no namespace, or over all. */
function holdsIn({ namespaces }: ScopedRule, namespace: string): boolean {
  return namespaces === undefined || (namespace !== "" && namespaces.includes(namespace));
}

function has(values: readonly string[] | undefined, value: string): boolean {
  return values !== undefined && (values.includes("*") || values.includes(value));
}

/** `*` is every resource and subresource, `pods` is not `pods/log`, and `*` + `/log` is that subresource of all. */
export function coversResource(resources: readonly string[] | undefined, resource: string): boolean {
  if (has(resources, resource)) return true;
  const slash = resource.indexOf("/");
  return slash !== -1 && resources !== undefined && resources.includes(`*${resource.slice(slash)}`);
}

/** A rule with names never holds for a request without one: `create`, `list` and `deletecollection` name nothing. */
function coversName(names: readonly string[] | undefined, name: string | undefined): boolean {
  if (names === undefined || names.length === 0) return true;
  return name !== undefined && name !== "" && names.includes(name);
}

export function coversPath(url: string, path: string): boolean {
  return url === "*" || url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1)));
}
