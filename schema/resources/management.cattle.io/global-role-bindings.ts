/** management.cattle.io/v3 GlobalRoleBinding (auth.md 7.8; norman-v3.md 3.12). */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { forbidden, immutable, invalid } from "../names.ts";
import { bindingStatusSchema } from "./binding-status.ts";
import { grantErrors } from "./bound-rules.ts";
import { inheritedErrors } from "./global-roles.ts";
import { management, standardMethods } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["globalRoleName"],
      properties: {
        globalRoleName: { type: "string", minLength: 1 },
        userName: { type: "string" },
        userPrincipalName: { type: "string" },
        groupPrincipalName: { type: "string" },
        status: bindingStatusSchema,
      },
    }) as const satisfies JsonSchema,
);

export type GlobalRoleBinding = KubeObject & FromSchema<ReturnType<typeof schema>>;

const references = ["globalRoleName", "userName", "userPrincipalName", "groupPrincipalName"] as const;

export const globalRoleBindings: ResourceDefinition<GlobalRoleBinding> = {
  ...management,
  kind: "GlobalRoleBinding",
  plural: "globalrolebindings",
  singular: "globalrolebinding",
  scope: "Cluster",
  schema,
  indexes: {
    userName: ({ userName = "" }) => (userName === "" ? [] : [userName]),
    globalRoleName: ({ globalRoleName }) => [globalRoleName],
  },
  raises: "rbac",
  statusSubresource: true,
  printerColumns: [column("STATUS", ".status.summary"), ageColumn("AGE")],
  mutate,
  validate,
  norman: {
    id: "globalRoleBinding",
    pluralName: "globalRoleBindings",
    ...standardMethods,
    idPrefix: "grb-",
    fields: {
      name: field("string", "metadata.name", "C"),
      globalRoleId: field("reference[globalRole]", "globalRoleName", "CR"),
      userId: field("reference[user]", "userName", "C"),
      userPrincipalId: field("reference[principal]", "userPrincipalName", "C"),
      groupPrincipalId: field("reference[principal]", "groupPrincipalName", "C"),
      status: field("globalRoleBindingStatus", "status"),
    },
  },
};

async function validate(context: AdmissionContext<GlobalRoleBinding>): Promise<FieldError[]> {
  const { operation, object, old, actor, lookup } = context;
  if (operation === "DELETE") return [];
  if (old !== undefined) return immutable(old, object, references);
  const subjects = [object.userName, object.groupPrincipalName].filter(
    (name) => name !== undefined && name !== "",
  );
  if (subjects.length !== 1)
    return [invalid("userName", subjects, "exactly one of userName and groupPrincipalName must be set")];
  const role = await lookup("globalroles.management.cattle.io", "", object.globalRoleName);
  if (role === undefined) return [invalid("globalRoleName", object.globalRoleName, "no such GlobalRole")];
  if (role.metadata.deletionTimestamp !== undefined)
    return [forbidden("globalRoleName", "the GlobalRole is being deleted")];
  const inherited = await inheritedErrors(context, role, [], "globalRoleName");
  return [...inherited, ...grantErrors(actor, "bind", role, "globalRoleName")];
}

/** A binding goes with its role. */
async function mutate({
  operation,
  object,
  lookup,
}: AdmissionContext<GlobalRoleBinding>): Promise<GlobalRoleBinding> {
  if (operation !== "CREATE") return object;
  const role = await lookup("globalroles.management.cattle.io", "", object.globalRoleName);
  const { ownerReferences = [] } = object.metadata;
  const uid = role?.metadata.uid;
  if (role === undefined || uid === undefined || ownerReferences.some((owner) => owner.uid === uid))
    return object;
  const owner = { apiVersion: role.apiVersion, kind: role.kind, name: role.metadata.name, uid };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...ownerReferences, owner] } };
}
