/** Users: a password is a Secret made with the user; everyone sees himself (norman-v3.md 5.1). */
import { secrets } from "../../../../schema/resources/core/secrets.ts";
import { users } from "../../../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../../../schema/resources/management.cattle.io/users.ts";
import { authorize } from "../../../../schema/store/authorize.ts";
import { allows } from "../../../../schema/rbac/evaluate.ts";
import { actorOf } from "../../../identity/identity.ts";
import { defaultBindings } from "../../auth/default-roles.ts";
import { deleteBelongings } from "../../auth/user-belongings.ts";
import { changePassword, newPasswordSecret, setPassword } from "../../auth/passwords.ts";
import { storeOf, systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { failure } from "../convert.ts";
import type { TypeRules } from "./rules.ts";

export const userRules: TypeRules = {
  async create({ c, identity }, object, input) {
    const user = object as User;
    if ((user.username ?? "") === "") throw failure("MissingRequired", "username");
    // What belongs to a user is the server's: who may create users needs no right on Secrets and bindings.
    authorize(actorOf(identity), { verb: "create", definition: users });
    const store = systemStore(c, "user-creation");
    const alongside = await defaultBindings(store, user.metadata.name);
    const password = input.get("password");
    if (password !== undefined && password !== "") {
      const object = await newPasswordSecret(c, user, password);
      alongside.push({ action: "create", definition: secrets, object });
    }
    return { object: await store.create(users, user, { creatorId: identity.userId, alongside }) };
  },
  beforeChange({ identity }, { metadata }, input) {
    if (metadata.name !== identity.userId) return;
    if (input === undefined) throw new ApiError("InvalidAction", "You cannot delete yourself");
    if (input.get("enabled") === false) throw new ApiError("InvalidAction", "You cannot deactivate yourself");
  },
  async remove({ c }, { metadata }) {
    const gone = await storeOf(c).delete(users, "", metadata.name);
    await deleteBelongings(systemStore(c, "user-removal"), metadata.name);
    return gone;
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
