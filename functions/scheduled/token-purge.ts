/** Removes tokens when they expire (auth.md 3.6). Expiry is judged on every use regardless: this only keeps the table small. */
import type { KubeObject } from "../../schema/object.ts";
import { typeKey } from "../../schema/resource.ts";
import { secrets } from "../../schema/resources/core/secrets.ts";
import { tokens } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import { asToken, deleteToken, readToken } from "../identity/token-records.ts";
import { stop } from "./controller.ts";
import type { Controller } from "./controller.ts";

/** Keys are full names of tokens (token-records.ts), each due when the token expires: no sweep looks for them. */
export const tokenPurge: Controller = {
  name: "token-purge",
  watches: [
    {
      type: typeKey(tokens),
      keys: (before, after) =>
        expiryOf(after) !== undefined && expiryOf(after) !== expiryOf(before) && after !== undefined
          ? [after.metadata.name]
          : [],
      dueAt: (after, now) => expiryOf(after) ?? now.getTime(),
    },
    {
      type: typeKey(secrets),
      keys: (before, after) => {
        const [was, is] = [extensionTokenOf(before), extensionTokenOf(after)];
        return is !== undefined && expiryOf(is) !== undefined && expiryOf(is) !== expiryOf(was)
          ? [is.metadata.name]
          : [];
      },
      dueAt: (after, now) => expiryOf(extensionTokenOf(after)) ?? now.getTime(),
    },
  ],
  steps: [
    {
      name: "purge",
      async run({ store, now }, name) {
        const token = await readToken(store, name);
        const expiry = expiryOf(token);
        if (token === undefined || expiry === undefined) return stop;
        const leftMs = expiry - now().getTime();
        if (leftMs > 0) return { next: "requeue", afterMs: leftMs, reason: "not yet expired" };
        try {
          await deleteToken(store, name, { uid: token.metadata.uid ?? "" });
        } catch (error) {
          // Somebody else deleted it, and may have made another of that name.
          if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
        }
        return stop;
      },
    },
  ],
};

function extensionTokenOf(object: KubeObject | undefined): Token | undefined {
  return object === undefined ? undefined : asToken(object);
}

/** Epoch milliseconds; `undefined`: never. `ttl` is in milliseconds; 0 and less never expire (norman-v3.md 9). */
function expiryOf(object: KubeObject | undefined): number | undefined {
  const ttl = (object as Token | undefined)?.ttl ?? 0;
  const created = Date.parse(object?.metadata.creationTimestamp ?? "");
  return ttl > 0 && Number.isFinite(created) ? created + ttl : undefined;
}
