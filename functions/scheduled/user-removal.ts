/**
 * What goes with a deleted user (auth.md 2.5). `DELETE /v3/users` does it at once; this finishes what a crash, a failed
 * write or another way of deleting left behind. Keys are names of users.
 */
import { typeKey } from "../../schema/resource.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import { deleteBelongings } from "../http/auth/user-belongings.ts";
import { absentAsUndefined } from "../store/absent.ts";
import { stop } from "./controller.ts";
import type { Controller } from "./controller.ts";

export const userRemoval: Controller = {
  name: "user-removal",
  watches: [
    {
      type: typeKey(users),
      keys: (before, after) => (before !== undefined && after === undefined ? [before.metadata.name] : []),
    },
  ],
  steps: [
    {
      name: "belongings",
      async run({ store }, name) {
        // Somebody of that name is there again: what is his cannot be told from what was the other's.
        if ((await absentAsUndefined(store.get(users, "", name))) !== undefined) return stop;
        await deleteBelongings(store, name);
        return stop;
      },
    },
  ],
};
