/** The first user (auth.md 2.4): made exactly once, however many starts race for it. Its password is never stored in clear. */
import { generateNameSuffix } from "../../schema/auth/token-secret.ts";
import { secrets } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { globalRoleBindings } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import type { GlobalRoleBinding } from "../../schema/resources/management.cattle.io/global-role-bindings.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { hashInTurn } from "../http/auth/password-hashing.ts";
import { passwordSecret } from "../http/auth/password-secret.ts";
import { randomBytes } from "../identity/hasher.ts";
import { absentAsUndefined } from "../store/absent.ts";
import type { SeedInput, SeedResult } from "./input.ts";

/** Its existence says that a first user was made, also when he has since been renamed or deleted. */
const guard = { namespace: "cattle-system", name: "admincreated" };
const username = "admin";
const labels = { "authz.management.cattle.io/bootstrapping": "admin-user" };

/** Does nothing without a password, with any user present, or once it has been done. */
export async function seedAdministrator(store: BoundStore, input: SeedInput): Promise<SeedResult> {
  const notMade = { adminCreated: false, username };
  const password = input.bootstrapPassword ?? "";
  if (password === "" || (await absentAsUndefined(store.get<Secret>(secrets, guard.namespace, guard.name))))
    return notMade;
  if ((await store.list<User>(users, {})).items.length > 0) return notMade;
  const suffix = generateNameSuffix(randomBytes);
  const user: User = {
    apiVersion: "management.cattle.io/v3",
    kind: "User",
    metadata: { name: `user-${suffix}`, labels },
    username,
    displayName: "Default Admin",
    enabled: true,
    mustChangePassword: input.mustChangePassword === true || password === "admin",
    principalIds: [`local://user-${suffix}`],
  };
  const binding: GlobalRoleBinding = {
    apiVersion: "management.cattle.io/v3",
    kind: "GlobalRoleBinding",
    metadata: { name: `globalrolebinding-${suffix}`, labels },
    globalRoleName: "admin",
    userName: user.metadata.name,
  };
  const guardObject: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: guard,
    type: "Opaque",
    data: { user: btoa(user.metadata.name) },
  };
  const hashed = passwordSecret(user, await hashInTurn(password));
  try {
    // One commit, all or nothing: of two that race, the guard's fixed name lets one through.
    await store.create<Secret>(secrets, guardObject, {
      alongside: [
        { action: "create", definition: users, object: user },
        { action: "create", definition: globalRoleBindings, object: binding },
        { action: "create", definition: secrets, object: hashed },
      ],
    });
  } catch (error) {
    if (isLost(error)) return notMade;
    throw error;
  }
  return { adminCreated: true, username };
}

/** Another start was faster: its guard is there, or already its user when ours is judged. */
function isLost(error: unknown): boolean {
  if (isStoreError(error, "AlreadyExists")) return true;
  const duplicate = "FieldValueDuplicate";
  return isStoreError(error, "Invalid") && (error.causes ?? []).some(({ reason }) => reason === duplicate);
}
