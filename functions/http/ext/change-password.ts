/** What a PasswordChangeRequest does (auth.md 2.6): one's own password by the current one, or another's by right. */
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { PasswordChangeRequest } from "../../../schema/resources/ext.cattle.io/password-change-requests.ts";
import { users } from "../../../schema/resources/management.cattle.io/users.ts";
import { mayDo } from "../../../schema/store/authorize.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import { timestamp } from "../../../schema/store/metadata.ts";
import { actorOf } from "../../identity/identity.ts";
import type { Identity } from "../../identity/identity.ts";
import { changePassword, setPassword } from "../auth/passwords.ts";
import { passwordNamespace } from "../auth/password-secret.ts";
import { requireIdentity } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

/**
 * Rights come before everything that is said of the user. Throws `BadRequest` for a password that the policy refuses,
 * `InvalidBodyContent` for a wrong current one, `Unauthorized` for another's without the right, `Forbidden` for a user with
 * rights that the caller does not have.
 */
export async function answerPasswordChange(
  c: AppContext,
  identity: Identity,
  { spec = {} }: PasswordChangeRequest,
  dryRun: boolean,
): Promise<NonNullable<PasswordChangeRequest["status"]>> {
  const { userID = "", currentPassword = "", newPassword = "" } = spec;
  if (userID === "") throw new ApiError("BadRequest", "userID is required");
  const isSelf = userID === identity.userId;
  const maySet =
    mayDo(actorOf(identity), { verb: "update", definition: users, name: userID }) &&
    mayDo(actorOf(identity), {
      verb: "update",
      definition: secrets,
      namespace: passwordNamespace,
      name: userID,
    });
  // Upstream's answer: the other faces say 403.
  if (!isSelf && !maySet) throw new ApiError("Unauthorized", "not authorized to update password");
  const caller = requireIdentity(c);
  if (caller.mustChangePassword && userID !== caller.userId)
    throw new ApiError("Forbidden", "the password must be changed first");
  // Who names the current password wants it to count, whatever else he may do.
  const byCurrent = isSelf && (!maySet || currentPassword !== "" || caller.mustChangePassword);
  try {
    if (byCurrent) await changePassword(c, identity, { currentPassword, newPassword }, { dryRun });
    else await setPassword(c, identity, userID, newPassword, { dryRun });
  } catch (error) {
    throw inThisFace(error, userID);
  }
  const now = timestamp(new Date());
  return {
    conditions: [
      { type: "PasswordUpdated", status: "True", lastTransitionTime: now, reason: "Updated", message: "" },
    ],
    summary: "Completed",
  };
}

/** The policy's refusals are 400 here, as upstream; a wrong current password is 422, where upstream has a 500. */
function inThisFace(error: unknown, userId: string): unknown {
  if (isStoreError(error, "NotFound")) return new ApiError("BadRequest", `user ${userId} not found`);
  return error instanceof ApiError &&
    error.code === "InvalidBodyContent" &&
    error.fieldName !== "currentPassword"
    ? new ApiError("BadRequest", error.message)
    : error;
}
