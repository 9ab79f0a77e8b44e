/** What RoleBindings and ClusterRoleBindings share: schema, defaults, kube-apiserver's validation, and who may bind. */
import type { KubeObject } from "../../object.ts";
import { bindingKeys, scopedTo } from "../../rbac/compile.ts";
import type { Binding } from "../../rbac/compile.ts";
import type { PolicyRule } from "../../rbac/types.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import { forbiddenObject, notFound } from "../../store/errors.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { subdomainProblems } from "../../structural/name-problems.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";
import {
  changesOwnersAlone,
  mayPass,
  notSupported,
  ownerLabelErrors,
  passingProblem,
  rbacGroup,
} from "./group.ts";

export const bindingSchema = once(() => {
  const text = { type: "string" } as const;
  const subject = {
    type: "object",
    required: ["kind", "name"],
    "x-kubernetes-map-type": "atomic",
    properties: { kind: text, apiGroup: text, name: text, namespace: text },
  } as const;
  const roleRef = {
    type: "object",
    required: ["kind", "name"],
    "x-kubernetes-map-type": "atomic",
    properties: { apiGroup: text, kind: text, name: text },
  } as const;
  return {
    type: "object",
    required: ["roleRef"],
    properties: {
      subjects: { type: "array", items: subject, "x-kubernetes-list-type": "atomic" },
      roleRef,
    },
  } as const satisfies JsonSchema;
});

export type RoleBindingObject = KubeObject & FromSchema<ReturnType<typeof bindingSchema>>;
type Subject = NonNullable<RoleBindingObject["subjects"]>[number];

/** Who is bound, and which role: `subject` is what rights are looked up by. */
export const bindingIndexes = {
  subject: ({ subjects = [], metadata }: Binding) => bindingKeys(subjects, metadata.namespace ?? ""),
  roleRef: ({ roleRef }: Binding) => [`${roleRef.kind}:${roleRef.name}`],
} as const;

/** Users, groups and roles are of RBAC's own group where nothing else is said; service accounts are of the core group. */
export function withGroups<T extends RoleBindingObject>(object: T): T {
  const { roleRef, subjects } = object;
  return {
    ...object,
    ...(subjects === undefined ? {} : { subjects: subjects.map(withGroup) }),
    roleRef: {
      ...roleRef,
      apiGroup: roleRef.apiGroup === undefined || roleRef.apiGroup === "" ? rbacGroup : roleRef.apiGroup,
    },
  };
}

function withGroup(subject: Subject): Subject {
  const { apiGroup = "", kind } = subject;
  return apiGroup === "" && (kind === "User" || kind === "Group")
    ? { ...subject, apiGroup: rbacGroup }
    : subject;
}

/**
 * Throws `Forbidden` for who may not give what the role gives, `NotFound` where that depends on a role that is not there
 * (as kube-apiserver: of the binding's type, with the role's name).
 */
export async function validateBinding(
  definition: Pick<ResourceDefinition, "group" | "plural" | "kind" | "scope">,
  context: AdmissionContext<RoleBindingObject>,
): Promise<FieldError[]> {
  const { operation, object, old, actor } = context;
  if (operation === "DELETE") return [];
  const namespaced = definition.scope === "Namespaced";
  const errors = [
    ...roleRefErrors(object, namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]),
    ...(object.subjects ?? []).flatMap((subject, index) =>
      subjectErrors(subject, namespaced, `subjects[${index}]`),
    ),
    ...ownerLabelErrors(context, "authz.management.cattle.io/grb-owner"),
  ];
  if (old !== undefined && !sameRole(old, object)) {
    const { apiGroup: APIGroup, kind: Kind, name: Name } = object.roleRef;
    errors.push(invalid("roleRef", { APIGroup, Kind, Name }, "cannot change roleRef"));
  }
  if (errors.length > 0 || (old !== undefined && changesOwnersAlone(old, object))) return errors;

  const { namespace = "", name } = object.metadata;
  const { roleRef } = object;
  const resource = roleRef.kind === "Role" ? "roles" : "clusterroles";
  if (mayPass(actor, "bind", { resource, namespace, name: roleRef.name })) return [];
  const role = await context.lookup(
    `${resource}.${rbacGroup}`,
    roleRef.kind === "Role" ? namespace : "",
    roleRef.name,
  );
  if (role === undefined) throw notFound(definition, roleRef.name);
  const rules = (role as KubeObject & { readonly rules?: readonly PolicyRule[] | null }).rules ?? [];
  const problem = passingProblem(actor, namespaced ? scopedTo(rules, [namespace]) : rules);
  if (problem !== undefined) throw forbiddenObject(definition, name, problem);
  return [];
}

function sameRole({ roleRef: a }: RoleBindingObject, { roleRef: b }: RoleBindingObject): boolean {
  return a.kind === b.kind && a.name === b.name && a.apiGroup === b.apiGroup;
}

function roleRefErrors({ roleRef }: RoleBindingObject, kinds: readonly string[]): FieldError[] {
  const { apiGroup = "", kind, name } = roleRef;
  const errors: FieldError[] = [];
  if (apiGroup !== rbacGroup) errors.push(notSupported("roleRef.apiGroup", apiGroup, [rbacGroup]));
  if (!kinds.includes(kind)) errors.push(notSupported("roleRef.kind", kind, kinds));
  if (name === "") errors.push(required("roleRef.name"));
  else if (name === "." || name === ".." || /[/%]/.test(name))
    errors.push(invalid("roleRef.name", name, "may not be '.', '..' or contain '/' or '%'"));
  return errors;
}

function subjectErrors(subject: Subject, namespaced: boolean, at: string): FieldError[] {
  const { kind, name, apiGroup = "", namespace = "" } = subject;
  const errors: FieldError[] = name === "" ? [required(`${at}.name`)] : [];
  switch (kind) {
    case "ServiceAccount":
      if (name !== "") errors.push(...subdomainProblems(name).map((why) => invalid(`${at}.name`, name, why)));
      if (apiGroup !== "") errors.push(notSupported(`${at}.apiGroup`, apiGroup, [""]));
      if (!namespaced && namespace === "") errors.push(required(`${at}.namespace`));
      return errors;
    case "User":
    case "Group":
      if (apiGroup !== rbacGroup) errors.push(notSupported(`${at}.apiGroup`, apiGroup, [rbacGroup]));
      return errors;
    default:
      return [...errors, notSupported(`${at}.kind`, kind, ["ServiceAccount", "User", "Group"])];
  }
}
