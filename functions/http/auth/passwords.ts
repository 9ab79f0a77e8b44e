/** Changing and setting passwords (auth.md 2.3, 2.6). Norman's user actions and PasswordChangeRequests call these. */
import { checkPassword } from "../../../schema/auth/password.ts";
import type { PasswordProblem } from "../../../schema/auth/password.ts";
import { uncovered } from "../../../schema/rbac/covers.ts";
import { allows } from "../../../schema/rbac/evaluate.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { settings as settingType } from "../../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../../schema/resources/management.cattle.io/settings.ts";
import { tokens } from "../../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { users } from "../../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../../schema/resources/management.cattle.io/users.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import type { Identity } from "../../identity/identity.ts";
import { deleteToken, listExtensionTokens } from "../../identity/token-records.ts";
import { tokenKind } from "../../identity/token-validity.ts";
import { loadGivenRules } from "../../identity/user-access.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";
import { hashInTurn, verifyInTurn } from "./password-hashing.ts";
import { passwordData, passwordNamespace, passwordSecret, storedPassword } from "./password-secret.ts";

/** Judged in full, and nothing is written. */
interface ChangeOptions {
  readonly dryRun?: boolean;
}

/** The caller's own password. `InvalidBodyContent` for a wrong current or a refused new one. Ends his other sessions. */
export async function changePassword(
  c: AppContext,
  identity: Identity,
  input: { readonly currentPassword: unknown; readonly newPassword: unknown },
  { dryRun = false }: ChangeOptions = {},
): Promise<void> {
  const store = systemStore(c, "passwords");
  const [currentPassword, newPassword] = [input.currentPassword, input.newPassword];
  if (typeof currentPassword !== "string" || typeof newPassword !== "string")
    throw new ApiError("InvalidBodyContent", "currentPassword and newPassword are required");
  const user = await store.get<User>(users, "", identity.userId);
  await requireAcceptable(c, newPassword, user.username ?? "", currentPassword);
  const secret = await absentAsUndefined(store.get<Secret>(secrets, passwordNamespace, identity.userId));
  if (!(await verifyInTurn(storedPassword(secret), currentPassword)))
    throw new ApiError("InvalidBodyContent", "the current password is wrong", {
      fieldName: "currentPassword",
    });
  if (dryRun) return;
  await replacePassword(store, user, newPassword, { mustChange: false, keepToken: identity.token.name });
}

/**
 * A user's password, set by someone who may update that user. His sessions end, and he must change it, unless he set it
 * himself (Terraform's rancher2_bootstrap does).
 * `Forbidden` on a user who may do what the caller may not (CVE-2025-23391, auth.md 7.8).
 */
export async function setPassword(
  c: AppContext,
  identity: Identity,
  userId: string,
  newPassword: unknown,
  { dryRun = false }: ChangeOptions = {},
): Promise<User> {
  const resource = { group: "management.cattle.io", resource: "users", name: userId };
  if (!allows(identity.rules, { verb: "update", ...resource }))
    throw new ApiError("Forbidden", "not allowed to set this user's password");
  const store = systemStore(c, "passwords");
  const user = await store.get<User>(users, "", userId);
  if (typeof newPassword !== "string") throw new ApiError("InvalidBodyContent", "newPassword is required");
  const trusted = allows(identity.rules, { verb: "manage-users", ...resource });
  if (!trusted && uncovered(identity.rules, await loadGivenRules(store, userId)).length > 0)
    throw new ApiError("Forbidden", "not allowed to set the password of a more privileged user");
  await requireAcceptable(c, newPassword, user.username ?? "");
  if (dryRun) return user;
  return replacePassword(store, user, newPassword, {
    mustChange: userId !== identity.userId,
    keepToken: identity.token.name,
  });
}

/** A new user's Secret, to be committed together with him. Checks the policy first. */
export async function newPasswordSecret(
  c: AppContext,
  user: Pick<User, "metadata" | "username">,
  password: unknown,
): Promise<Secret> {
  if (typeof password !== "string") throw new ApiError("InvalidBodyContent", "password must be a string");
  await requireAcceptable(c, password, user.username ?? "");
  return passwordSecret(user, await hashInTurn(password));
}

const explanations: Readonly<Record<PasswordProblem, string>> = {
  "too-short": "the password is too short",
  "too-long": "the password is too long",
  "contains-nul": "the password contains a NUL character",
  "equals-username": "the password must not be the user name",
  "equals-current": "the new password must differ from the current one",
};

async function requireAcceptable(
  c: AppContext,
  password: string,
  username: string,
  currentPassword?: string,
): Promise<void> {
  // Hashing would take the replacement character for it, and the login refuses it.
  if (!password.isWellFormed())
    throw new ApiError("InvalidBodyContent", "the password is not well-formed Unicode text");
  const minLength = await c.get("settings").number("password-min-length", 12);
  const check = checkPassword(password, {
    username,
    minLength,
    ...(currentPassword === undefined ? {} : { currentPassword }),
  });
  if (!check.ok) throw new ApiError("InvalidBodyContent", explanations[check.problems[0]]);
}

/** In an order in which a crash anywhere leaves no old session beside a new password that the user was told of. */
async function replacePassword(
  store: BoundStore,
  user: User,
  password: string,
  options: { readonly mustChange: boolean; readonly keepToken: string },
): Promise<User> {
  const hashed = await hashInTurn(password);
  const name = user.metadata.name;
  const fresh = passwordSecret(user, hashed);
  const existing = await absentAsUndefined(store.get<Secret>(secrets, passwordNamespace, name));
  if (existing === undefined) await store.create<Secret>(secrets, fresh);
  else
    await store.modify<Secret>(secrets, passwordNamespace, name, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        annotations: { ...current.metadata.annotations, ...fresh.metadata.annotations },
      },
      data: passwordData(hashed),
    }));
  await endSessions(store, name, options.keepToken);
  const changed = await store.modify<User>(users, "", name, (current) =>
    current.mustChangePassword === options.mustChange
      ? undefined
      : { ...current, mustChangePassword: options.mustChange },
  );
  // The password is already the new one: a setting that somebody deleted must not make that look like a failure.
  await absentAsUndefined(
    store.modify<Setting>(settingType, "", "first-login", (current) =>
      current.value === "false" ? undefined : { ...current, value: "false" },
    ),
  );
  return changed;
}

/** Deletes the user's login sessions but one ("Ours", auth.md 2.6). API keys and kubeconfigs stay: they are not logins. */
async function endSessions(store: BoundStore, userId: string, keep: string): Promise<void> {
  const { items } = await store.list<Token>(tokens, { index: { field: "userId", value: userId } });
  for (const token of [...items, ...(await listExtensionTokens(store, userId))]) {
    if (tokenKind(token) !== "session" || token.metadata.name === keep) continue;
    await deleteToken(store, token.metadata.name);
  }
}
