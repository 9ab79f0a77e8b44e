/** Namespaces, settings and built-in roles. */
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import type { Namespace } from "../../schema/resources/core/namespaces.ts";
import { globalRoles } from "../../schema/resources/management.cattle.io/global-roles.ts";
import type { GlobalRole } from "../../schema/resources/management.cattle.io/global-roles.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { passwordNamespace } from "../http/auth/password-secret.ts";
import { settingDefaults, settingNames } from "../settings/catalogue.ts";
import type { SettingName } from "../settings/catalogue.ts";
import { ensure } from "./ensure.ts";
import { builtinRoles } from "./roles.ts";

/** Defaults that are this installation's; empty where it has none. */
export interface GivenDefaults {
  readonly serverUrl: string;
  /** PEM. */
  readonly cacerts: string;
}

const seededNamespaces = ["cattle-system", "cattle-global-data", passwordNamespace];

export async function seedDefaults(store: BoundStore, given: GivenDefaults): Promise<void> {
  await ensure<Namespace>(
    store,
    namespaces,
    seededNamespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  );
  await ensure<Setting>(
    store,
    settings,
    settingNames.map((name) => settingObject(name, given)),
    // A value is the administrator's; the default is ours and may change with a release or a start option.
    (current, wanted) =>
      current.default === wanted.default ? undefined : { ...current, default: wanted.default ?? "" },
  );
  await ensure<GlobalRole>(store, globalRoles, builtinRoles.map(roleObject), (current, wanted) =>
    sameRole(current, wanted) ? undefined : { ...current, ...wanted, metadata: current.metadata },
  );
}

function settingObject(name: SettingName, given: GivenDefaults): Setting {
  return {
    apiVersion: "management.cattle.io/v3",
    kind: "Setting",
    metadata: { name },
    value: name === "install-uuid" ? crypto.randomUUID() : "",
    default: standardOf(name, given),
  };
}

function standardOf(name: SettingName, given: GivenDefaults): string {
  if (name === "server-url") return given.serverUrl;
  return name === "cacerts" ? given.cacerts.trim() : settingDefaults[name];
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
