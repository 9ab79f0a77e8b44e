/**
 * What a GroupMembershipRefreshRequest does (auth.md 3.8). The local provider keeps no groups of a user: rights are made of the
 * bindings whenever an identity is made, so to look anew is to forget the identities that are remembered.
 */
import type { GroupMembershipRefreshRequest } from "../../../schema/resources/ext.cattle.io/group-membership-refresh-requests.ts";
import { users } from "../../../schema/resources/management.cattle.io/users.ts";
import { mayDo } from "../../../schema/store/authorize.ts";
import { timestamp } from "../../../schema/store/metadata.ts";
import { forgetIdentities } from "../../identity/identify.ts";
import { actorOf } from "../../identity/identity.ts";
import type { Identity } from "../../identity/identity.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

const allUsers = "*";

/**
 * Of this isolate at once; others remember nothing for longer than 10 s. Throws `Unauthorized` for who may not create users, then
 * `BadRequest` for a user that does not exist.
 */
export async function answerGroupRefresh(
  c: AppContext,
  identity: Identity,
  { spec = {} }: GroupMembershipRefreshRequest,
  dryRun: boolean,
): Promise<NonNullable<GroupMembershipRefreshRequest["status"]>> {
  const { userId = "" } = spec;
  if (userId === "") throw new ApiError("BadRequest", "user ID must be set");
  // Upstream's answer: the other faces say 403.
  if (!mayDo(actorOf(identity), { verb: "create", definition: users }))
    throw new ApiError("Unauthorized", "not authorized to refresh user attributes");
  if (userId !== allUsers) {
    const user = await absentAsUndefined(systemStore(c, "group-refresh").get(users, "", userId));
    if (user === undefined) throw new ApiError("BadRequest", `user ${userId} not found`);
  }
  if (dryRun) return { conditions: [] };
  forgetIdentities();
  const now = timestamp(new Date());
  return {
    conditions: [
      {
        type: "UserRefreshInitiated",
        status: "True",
        lastTransitionTime: now,
        reason: "Initiated",
        message: "",
      },
    ],
    summary: "Completed",
  };
}
