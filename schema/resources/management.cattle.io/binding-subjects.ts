/** Whom bindings of role templates are for, and what they may not say (auth.md 7.4, 7.8; webhook). */
import type { PolicyRule } from "../../rbac/types.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext } from "../../resource.ts";
import type { FieldError } from "../../structural/types.ts";
import { duplicate, forbidden, immutable, invalid } from "../names.ts";
import { escalationErrors } from "../policy-rule.ts";
import { isServerItself } from "../server-actor.ts";
import { findTemplate, resolveTemplate } from "./template-rules.ts";
import type { RoleTemplate } from "./role-templates.ts";

/** By rank: the first that is set names the binding. */
const subjects = [
  "userPrincipalName",
  "userName",
  "groupPrincipalName",
  "groupName",
  "serviceAccount",
] as const;

export type TemplateBinding = KubeObject & {
  readonly roleTemplateName: string;
} & { readonly [Name in (typeof subjects)[number]]?: string };

const ownerLabel = "authz.management.cattle.io/grb-owner";

function subjectsOf(binding: TemplateBinding): string[] {
  return subjects.flatMap((name) => ((binding[name] ?? "") === "" ? [] : [`${name}:${binding[name]}`]));
}

/** For the index `subject`: `<where>/userName:user-abcde`. */
export function subjectValues(binding: TemplateBinding, where: string): string[] {
  return subjectsOf(binding).map((subject) => `${where}/${subject}`);
}

/** For the unique index `grant`. What goes is in nobody's way. */
export function grantValues(binding: TemplateBinding, where: string): string[] {
  if (binding.metadata.deletionTimestamp !== undefined) return [];
  return subjectsOf(binding).map((subject) => `${where}/${binding.roleTemplateName}/${subject}`);
}

/** `<prefix><hash of subject, role and place>`: two equal bindings made at once get one name, and one of them a 409. */
export async function bindingName(binding: TemplateBinding, where: string): Promise<string | undefined> {
  const first = subjects.map((name) => binding[name] ?? "").find((value) => value !== "");
  if (first === undefined) return undefined;
  const text = `${first}/${binding.roleTemplateName}/${where}`;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `${binding.metadata.generateName ?? ""}${base32(hash).slice(0, 10)}`;
}

/** RFC 4648 in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((group) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(group, 2)])
    .join("");
}

/** Exactly one of a user, a group and a service account; each set once. */
export function subjectErrors(binding: TemplateBinding, old: TemplateBinding | undefined): FieldError[] {
  const set = (...names: (typeof subjects)[number][]): boolean =>
    names.some((name) => (binding[name] ?? "") !== "");
  const kinds = [
    set("userName", "userPrincipalName"),
    set("groupName", "groupPrincipalName"),
    set("serviceAccount"),
  ];
  const errors = immutable(
    old,
    binding,
    subjects.filter((name) => (old?.[name] ?? "") !== ""),
  );
  if (kinds.filter(Boolean).length !== 1)
    errors.push(forbidden("", "a binding is for a user, a group or a service account: exactly one of them"));
  return errors;
}

/** The template must be there, free to be given, and for such a place. */
export async function templateErrors(
  context: Pick<AdmissionContext, "lookup">,
  name: string,
  place: "cluster" | "project",
): Promise<{ readonly template?: RoleTemplate; readonly errors: FieldError[] }> {
  const template = await findTemplate(context, name);
  if (template === undefined) return { errors: [invalid("roleTemplateName", name, "no such RoleTemplate")] };
  const errors: FieldError[] = [];
  if (template.metadata.deletionTimestamp !== undefined)
    errors.push(forbidden("roleTemplateName", "the RoleTemplate is being deleted"));
  if (template.locked === true)
    errors.push(forbidden("roleTemplateName", "the RoleTemplate is locked and cannot be assigned"));
  if ((template.context ?? "") !== place)
    errors.push(invalid("roleTemplateName", name, `the RoleTemplate's context must be ${place}`));
  return { template, errors };
}

/** A label that says a GlobalRoleBinding made the binding must be true, and stay as it is. */
export async function ownerErrors({
  object,
  old,
  lookup,
}: Pick<AdmissionContext, "object" | "old" | "lookup">): Promise<FieldError[]> {
  const at = `metadata.labels[${ownerLabel}]`;
  const owner = object.metadata.labels?.[ownerLabel];
  if (old !== undefined)
    return owner === old.metadata.labels?.[ownerLabel] ? [] : [forbidden(at, "field is immutable")];
  if (owner === undefined) return [];
  const binding = await lookup("globalrolebindings.management.cattle.io", "", owner);
  return binding === undefined || binding.metadata.deletionTimestamp !== undefined
    ? [invalid(at, owner, "no such GlobalRoleBinding")]
    : [];
}

/** The same role for the same subject in the same place, under another name. */
export async function duplicateErrors(
  { object, lookupByIndex }: Pick<AdmissionContext, "object" | "lookupByIndex">,
  type: string,
  grants: readonly string[],
): Promise<FieldError[]> {
  const found = await Promise.all(grants.map((grant) => lookupByIndex(type, "grant", grant)));
  const { namespace, name } = object.metadata;
  const other = found
    .flat()
    .find(({ metadata }) => metadata.name !== name || metadata.namespace !== namespace);
  return other === undefined ? [] : [duplicate("roleTemplateName", other.metadata.name)];
}

/**
 * Nobody gives more than he has in that place. `places`: indexed places whose bindings
 * hold there too: those of a cluster do in its projects.
 */
export async function grantingErrors(
  context: AdmissionContext,
  template: RoleTemplate,
  places: readonly { readonly type: string; readonly where: string }[],
): Promise<FieldError[]> {
  const { actor } = context;
  if (isServerItself(actor)) return [];
  const { rules } = await resolveTemplate(context, template);
  const held = await Promise.all(places.map((place) => rulesIn(context, place)));
  return escalationErrors([...actor.rules, ...held.flat()], rules, "roleTemplateName");
}

/** What the actor's own bindings give him in a place. */
async function rulesIn(
  context: AdmissionContext,
  { type, where }: { readonly type: string; readonly where: string },
): Promise<PolicyRule[]> {
  const { name, groups = [] } = context.actor;
  const mine = [
    `userName:${name}`,
    `userPrincipalName:local://${name}`,
    ...groups.flatMap((group) => [`groupName:${group}`, `groupPrincipalName:${group}`]),
  ];
  const found = await Promise.all(
    mine.map((subject) => context.lookupByIndex(type, "subject", `${where}/${subject}`)),
  );
  const names = new Set(
    found
      .flat()
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((binding) => (binding as TemplateBinding).roleTemplateName),
  );
  const templates = await Promise.all([...names].map((template) => findTemplate(context, template)));
  const resolved = templates.map(async (template) =>
    template === undefined ? [] : (await resolveTemplate(context, template)).rules,
  );
  return (await Promise.all(resolved)).flat();
}
