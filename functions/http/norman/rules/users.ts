/** Users: a password is a Secret made with the user; everyone sees himself (norman-v3.md 5.1). */
import { secrets } from "../../../../schema/resources/core/secrets.ts";
import { users } from "../../../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../../../schema/resources/management.cattle.io/users.ts";
import { authorize } from "../../../../schema/store/authorize.ts";
import { allows } from "../../../../schema/rbac/evaluate.ts";
import { actorOf } from "../../../identity/identity.ts";
import { changePassword, newPasswordSecret, setPassword } from "../../auth/passwords.ts";
import { storeOf, systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { failure } from "../convert.ts";
import type { TypeRules } from "./rules.ts";

export const userRules: TypeRules = {
  async create({ c, identity }, object, input) {
    const user = object as User;
    if ((user.username ?? "") === "") throw failure("MissingRequired", "username");
    const password = input.get("password");
    const options = { creatorId: identity.userId };
    if (password === undefined || password === "")
      return { object: await storeOf(c).create(users, user, options) };
    // The Secret is the server's: who may create users needs no right on Secrets.
    authorize(actorOf(identity), { verb: "create", definition: users });
    const secret = await newPasswordSecret(c, user, password);
    const created = await systemStore(c, "user-creation").create(users, user, {
      ...options,
      alongside: [{ action: "create", definition: secrets, object: secret }],
    });
    return { object: created };
  },
  beforeChange({ identity }, { metadata }, input) {
    if (metadata.name !== identity.userId) return;
    if (input === undefined) throw new ApiError("InvalidAction", "You cannot delete yourself");
    if (input.get("enabled") === false) throw new ApiError("InvalidAction", "You cannot deactivate yourself");
  },
  compute: async ({ identity }, objects) =>
    objects.map(({ metadata }) => ({ me: metadata.name === identity.userId })),
  hidden: ({ identity }, { metadata }) => {
    const may = (verb: string): boolean =>
      allows(identity.rules, { verb, group: users.group, resource: users.plural, name: metadata.name });
    const self = metadata.name === identity.userId;
    return [
      ...(may("update") ? [] : ["update", "setpassword"]),
      ...(may("delete") && !self ? [] : ["remove"]),
    ];
  },
  actions: {
    setpassword: async ({ c, identity }, id, body) => ({
      object: await setPassword(c, identity, id, body["newPassword"]),
    }),
  },
  collectionActions: {
    async changepassword({ c, identity }, body) {
      await changePassword(c, identity, {
        currentPassword: body["currentPassword"],
        newPassword: body["newPassword"],
      });
      return undefined;
    },
  },
};
