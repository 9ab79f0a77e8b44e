/** What goes with a user (auth.md 2.5): nothing of it may wait for somebody who gets the same id. */
import type { ResourceDefinition } from "../../../schema/resource.ts";
import { configMaps } from "../../../schema/resources/core/config-maps.ts";
import {
  extensionKindLabel,
  extensionTokenNamespace,
  extensionUserLabel,
} from "../../../schema/resources/core/extension-tokens.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import { kubeconfigKind } from "../../../schema/resources/ext.cattle.io/kubeconfig-rows.ts";
import { globalRoleBindings } from "../../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { tokens } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { clusterRoleBindings } from "../../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { roleBindings } from "../../../schema/resources/rbac.authorization.k8s.io/role-bindings.ts";
import type { RoleBinding } from "../../../schema/resources/rbac.authorization.k8s.io/role-bindings.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { deleteToken, listExtensionTokens } from "../../identity/token-records.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { passwordNamespace } from "./password-secret.ts";

/** Deletes a deleted user's bindings, tokens and password. Each is without effect already: identity needs the user. */
export async function deleteBelongings(store: BoundStore, userId: string): Promise<void> {
  const owned: readonly { readonly definition: ResourceDefinition; readonly field: string }[] = [
    { definition: globalRoleBindings, field: "userName" },
    { definition: tokens, field: "userId" },
  ];
  for (const { definition, field } of owned) {
    const { items } = await store.list(definition, { index: { field, value: userId } });
    for (const { metadata } of items) await absentAsUndefined(store.delete(definition, "", metadata.name));
  }
  for (const { metadata } of await listExtensionTokens(store, userId))
    await deleteToken(store, metadata.name);
  const kubeconfigs = { [extensionKindLabel]: kubeconfigKind, [extensionUserLabel]: userId };
  const files = await store.list(configMaps, { namespace: extensionTokenNamespace, labels: kubeconfigs });
  for (const { metadata } of files.items)
    await absentAsUndefined(store.delete(configMaps, extensionTokenNamespace, metadata.name));
  await absentAsUndefined(store.delete(secrets, passwordNamespace, userId));
  for (const definition of [roleBindings, clusterRoleBindings]) await unbind(store, definition, userId);
}

/** Takes him out of what binds him; a binding that then binds nobody goes. */
async function unbind(
  store: BoundStore,
  definition: ResourceDefinition<RoleBinding>,
  userId: string,
): Promise<void> {
  const isHe = ({ kind, name }: { readonly kind: string; readonly name: string }): boolean =>
    kind === "User" && name === userId;
  const { items } = await store.list(definition, { index: { field: "subject", value: `User:${userId}` } });
  for (const { metadata, subjects = [] } of items) {
    const { namespace = "", name, resourceVersion = "" } = metadata;
    const gone = subjects.every(isHe)
      ? store.delete(definition, namespace, name, { resourceVersion })
      : store.modify(definition, namespace, name, (binding) => ({
          ...binding,
          subjects: (binding.subjects ?? []).filter((subject) => !isHe(subject)),
        }));
    await absentAsUndefined<unknown>(gone);
  }
}
