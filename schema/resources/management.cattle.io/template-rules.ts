/** What RoleTemplates give, resolved through inheritance (auth.md 7.2, 7.8). */
import type { KubeObject } from "../../object.ts";
import type { PolicyRule } from "../../rbac/types.ts";
import type { AdmissionContext } from "../../resource.ts";
import type { RoleTemplate } from "./role-templates.ts";

type Lookup = Pick<AdmissionContext, "lookup">;

export async function findTemplate({ lookup }: Lookup, name: string): Promise<RoleTemplate | undefined> {
  return await lookup("roletemplates.management.cattle.io", "", name);
}

export interface Resolved {
  /** Of the template and all that it inherits. */
  readonly rules: readonly PolicyRule[];
  /** Templates that are named and not there. */
  readonly missing: readonly string[];
  /** Names a template that inherits the first one: a cycle. */
  readonly cycle?: string;
}

/** Each template counts once, so that a cycle, or a wide net of them, costs no more than its members. */
export async function resolveTemplate(lookups: Lookup, template: RoleTemplate): Promise<Resolved> {
  const rules: PolicyRule[] = [];
  const missing: string[] = [];
  const seen = new Set([template.metadata.name]);
  let cycle: string | undefined;
  const queue = [template];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    rules.push(...(await ownRules(lookups, next)));
    for (const name of next.roleTemplateNames ?? []) {
      if (name === template.metadata.name) cycle ??= next.metadata.name;
      if (seen.has(name)) continue;
      seen.add(name);
      const inherited = await findTemplate(lookups, name);
      if (inherited === undefined) missing.push(name);
      else queue.push(inherited);
    }
  }
  return { rules, missing, ...(cycle === undefined ? {} : { cycle }) };
}

/** Of an external template they are the ClusterRole's of that name, unless it brings them along. */
async function ownRules({ lookup }: Lookup, template: RoleTemplate): Promise<readonly PolicyRule[]> {
  const { external, externalRules, rules = [], metadata } = template;
  if (external !== true) return rules;
  if (externalRules !== undefined) return externalRules;
  const role: (KubeObject & { readonly rules?: readonly PolicyRule[] | null }) | undefined = await lookup(
    "clusterroles.rbac.authorization.k8s.io",
    "",
    metadata.name,
  );
  return role?.rules ?? [];
}
