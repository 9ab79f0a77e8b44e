/** The roles that a new user starts with (auth.md 7.1): what administrators marked as the default for new users. */
import { globalRoleBindings } from "../../../schema/resources/management.cattle.io/global-role-bindings.ts";
import type { GlobalRoleBinding } from "../../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { globalRoles } from "../../../schema/resources/management.cattle.io/global-roles.ts";
import type { GlobalRole } from "../../../schema/resources/management.cattle.io/global-roles.ts";
import type { BoundStore, Operation } from "../../../schema/store/store.ts";

/**
 * Bindings to be committed together with the user. The server makes them: who may create users needs no right on
 * bindings, and gives nothing of his own choice.
 */
export async function defaultBindings(store: BoundStore, userName: string): Promise<Operation[]> {
  const { items } = await store.list<GlobalRole>(globalRoles, {});
  const roles = items.filter(
    ({ newUserDefault, metadata }) => newUserDefault === true && metadata.deletionTimestamp === undefined,
  );
  return Promise.all(
    roles.map(async (role): Promise<Operation> => {
      const object: GlobalRoleBinding = {
        apiVersion: "management.cattle.io/v3",
        kind: "GlobalRoleBinding",
        metadata: { name: await bindingName(userName, role.metadata.name) },
        globalRoleName: role.metadata.name,
        userName,
      };
      return { action: "create", definition: globalRoleBindings, object };
    }),
  );
}

/** `grb-` and ten characters from what it binds (auth.md 7.8, "Names"): with many users, five random ones would collide. */
async function bindingName(userName: string, roleName: string): Promise<string> {
  const text = new TextEncoder().encode(`${userName}/${roleName}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return `grb-${base32(digest.subarray(0, 10)).slice(0, 10)}`;
}

/** RFC 4648, lower case, of whole groups of five bytes. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((group) => "abcdefghijklmnopqrstuvwxyz234567".charAt(Number.parseInt(group, 2)))
    .join("");
}
