/** Rules of Roles and ClusterRoles: their schema, and kube-apiserver's validation of them (apis/rbac/validation). Pure. */
import type { PolicyRule } from "../../rbac/types.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";

const atomicTexts = { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic" } as const;

/** Null where there are none: `withRules`. Rows from before that have an empty list. */
export const rulesSchema = {
  type: "array",
  nullable: true,
  "x-kubernetes-list-type": "atomic",
  items: {
    type: "object",
    required: ["verbs"],
    properties: {
      verbs: atomicTexts,
      apiGroups: atomicTexts,
      resources: atomicTexts,
      resourceNames: atomicTexts,
      nonResourceURLs: atomicTexts,
    },
  },
} as const satisfies JsonSchema;

/** Go writes the member always, and no list as null. */
export function withRules<T extends { readonly rules?: readonly unknown[] | null }>(role: T): T {
  return (role.rules ?? []).length === 0 ? { ...role, rules: null } : role;
}

/** `namespaced`: of a Role, which cannot speak of paths. */
export function roleRuleErrors(rules: readonly PolicyRule[], namespaced: boolean): FieldError[] {
  return rules.flatMap((rule, index) => ruleErrors(rule, namespaced, `rules[${index}]`));
}

function ruleErrors(rule: PolicyRule, namespaced: boolean, at: string): FieldError[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors: FieldError[] = [];
  if (verbs.length === 0) errors.push(required(`${at}.verbs`, "verbs must contain at least one value"));
  if (nonResourceURLs.length > 0) {
    const bad = (why: string): FieldError => invalid(`${at}.nonResourceURLs`, nonResourceURLs, why);
    if (namespaced) errors.push(bad("namespaced rules cannot apply to non-resource URLs"));
    if (apiGroups.length + resources.length + resourceNames.length > 0)
      errors.push(bad("rules cannot apply to both regular resources and non-resource URLs"));
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(required(`${at}.apiGroups`, "resource rules must supply at least one api group"));
  if (resources.length === 0)
    errors.push(required(`${at}.resources`, "resource rules must supply at least one resource"));
  return errors;
}
