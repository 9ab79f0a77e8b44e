/** Namespaces and built-in roles. */
import { extensionTokenNamespace } from "../../schema/resources/core/extension-tokens.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import type { Namespace } from "../../schema/resources/core/namespaces.ts";
import { globalRoles } from "../../schema/resources/management.cattle.io/global-roles.ts";
import type { GlobalRole } from "../../schema/resources/management.cattle.io/global-roles.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { passwordNamespace } from "../http/auth/password-secret.ts";
import { ensure } from "./ensure.ts";
import { builtinRoles } from "./roles.ts";

/** `fleet-local`: of the workspace that the cluster `local` is in. */
const seededNamespaces = [
  "cattle-system",
  "cattle-global-data",
  "cattle-ui-plugin-system",
  "fleet-local",
  passwordNamespace,
  extensionTokenNamespace,
];

export async function seedDefaults(store: BoundStore): Promise<void> {
  await ensure<Namespace>(
    store,
    namespaces,
    seededNamespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  );
  await ensure<GlobalRole>(store, globalRoles, builtinRoles.map(roleObject), (current, wanted) =>
    sameRole(current, wanted) ? undefined : { ...current, ...wanted, metadata: current.metadata },
  );
}

function roleObject(role: (typeof builtinRoles)[number]): GlobalRole {
  return {
    apiVersion: "management.cattle.io/v3",
    kind: "GlobalRole",
    metadata: { name: role.name },
    displayName: role.displayName,
    builtin: true,
    newUserDefault: role.newUserDefault ?? false,
    rules: structuredClone(role.rules) as NonNullable<GlobalRole["rules"]>,
  };
}

/** `newUserDefault` is set once and then the administrator's (auth.md 7.1). */
function sameRole(current: GlobalRole, wanted: GlobalRole): boolean {
  return (
    JSON.stringify(current.rules) === JSON.stringify(wanted.rules) &&
    current.displayName === wanted.displayName &&
    current.builtin === wanted.builtin
  );
}
