/** Opens a watch at a fan-out object: the first of the type's that has room. */
import { CONTEXT_HEADER } from "../../../../schema/internal/context.ts";
import { encodeWatch, fanoutName } from "../../../../schema/internal/watch.ts";
import { apiVersionOf, typeKey } from "../../../../schema/resource.ts";
import { attributesOf } from "../../../../schema/store/authorize.ts";
import { impersonationAsked } from "../../../identity/impersonation.ts";
import { watchGrant } from "../../../identity/watch-grant.ts";
import { requireIdentity } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import type { Call } from "./call.ts";
import type { ListOptions } from "./list-options.ts";
import type { Selection } from "./selection.ts";
import { wantsWebSocket } from "./watch-socket.ts";
import { isSealed, passesUnread } from "./watch-transform.ts";

/** Of one type: 1,000 watchers each. */
const maxShards = 32;

/** Lines of events after `after`. Throws `ServiceUnavailable`, `TooManyRequests`. */
export async function subscribe(
  call: Call,
  { labelText, fieldText, allowWatchBookmarks }: ListOptions,
  { namespace, names }: Selection,
  after: number,
  timeoutMs: number,
): Promise<ReadableStream<Uint8Array>> {
  const { c, definition, rows } = call;
  const caller = requireIdentity(c);
  const asks =
    rows?.asks ??
    attributesOf({
      verb: "watch",
      definition,
      namespace: namespace ?? call.namespace,
      name: call.info.name,
    });
  // What has no namespace is in none that is asked for.
  const nowhere = rows !== undefined && (namespace ?? "") !== "";
  const where = rows?.namespace ?? namespace;
  const labels = [labelText, rows?.labelText ?? ""].filter((text) => text !== "").join(",");
  const grant = watchGrant(caller, impersonationAsked(c, caller), asks);
  const type = typeKey(definition.view?.of ?? definition);
  const context = encodeWatch({
    v: 1,
    op: "watch",
    type,
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    after,
    bookmarks: allowWatchBookmarks,
    timeoutMs: Math.ceil(timeoutMs),
    sealedToo: isSealed(definition),
    grant,
    ...relayOf(call),
    ...(where === undefined ? {} : { namespace: where }),
    // No name is empty: a selection that contradicts itself gets nothing.
    ...(nowhere ? { name: "" } : names === undefined ? {} : { name: names[0] ?? "" }),
    ...(labels === "" ? {} : { labelSelector: labels }),
    ...(fieldText === "" ? {} : { fieldSelector: fieldText }),
  });
  for (let shard = 0; shard < maxShards; shard++) {
    const fanout = c.env.WATCH.getByName(fanoutName(type, shard));
    const answer = await fanout.fetch("https://watch/", {
      headers: { [CONTEXT_HEADER]: context },
      signal: c.req.raw.signal,
    });
    if (answer.ok && answer.body !== null) return answer.body;
    const text = await answer.text();
    if (!text.includes("too many watchers"))
      throw new ApiError("ServiceUnavailable", "the watch cannot begin; please try again", {
        retryAfter: 1,
        cause: new Error(`${answer.status} ${text}`),
      });
  }
  throw new ApiError("TooManyRequests", `too many watchers of ${type}`, { retryAfter: 10 });
}

/** The front of a self-hosted Drover can go on with a watch whose lines need nothing more from here. */
export function relayOf({ c, definition, output }: Call): { readonly relay?: string } {
  const relay = c.req.header("x-drover-relay");
  const fits = passesUnread({ definition, output }) && !wantsWebSocket(c.req.raw.headers);
  return relay !== undefined && fits ? { relay } : {};
}
