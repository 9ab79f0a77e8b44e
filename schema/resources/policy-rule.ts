/** `PolicyRule` as objects carry it, and the checks that every role's rules pass (auth.md 7.8). */
import { uncovered } from "../rbac/covers.ts";
import type { PolicyRule, ScopedRule } from "../rbac/types.ts";
import type { FieldError, JsonSchema } from "../structural/types.ts";
import { forbidden, required } from "./names.ts";

const names = {
  type: "array",
  items: { type: "string" },
  "x-kubernetes-list-type": "atomic",
} as const;

export const policyRuleSchema = {
  type: "object",
  required: ["verbs"],
  properties: {
    verbs: names,
    apiGroups: names,
    resources: names,
    resourceNames: names,
    nonResourceURLs: names,
  },
} as const satisfies JsonSchema;

/** Every right there is. */
export const everythingRules: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

/** Each rule needs verbs, and either resources with their groups or paths. */
export function ruleErrors(rules: readonly PolicyRule[], path: string): FieldError[] {
  return rules.flatMap((rule, index) => {
    const at = `${path}[${index}]`;
    const paths = (rule.nonResourceURLs ?? []).length > 0;
    if (rule.verbs.length === 0) return [required(`${at}.verbs`)];
    if (paths && (rule.resources ?? []).length + (rule.apiGroups ?? []).length > 0)
      return [forbidden(`${at}.nonResourceURLs`, "a rule holds for resources or for paths, not for both")];
    if (!paths && (rule.resources ?? []).length === 0) return [required(`${at}.resources`)];
    if (!paths && (rule.apiGroups ?? []).length === 0) return [required(`${at}.apiGroups`)];
    return [];
  });
}

/** One error that names what the writer would give without having it. */
export function escalationErrors(
  held: readonly ScopedRule[],
  wanted: readonly ScopedRule[],
  path: string,
): FieldError[] {
  const [first, ...rest] = uncovered(held, wanted);
  if (first === undefined) return [];
  const more = rest.length === 0 ? "" : ` and ${rest.length} more`;
  return [forbidden(path, `it gives rights that you do not have: ${JSON.stringify(first)}${more}`)];
}
