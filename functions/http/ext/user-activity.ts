/**
 * The store behind UserActivity of ext.cattle.io (auth.md 3.8): reads and writes when the user of a session was last seen, which
 * is kept with the token, of either kind. Only the session's own user may, with any token of his. Whatever type is named, this
 * one is meant.
 */
import { prune, validate } from "../../../schema/structural/engine.ts";
import { userActivities as definition } from "../../../schema/resources/ext.cattle.io/user-activities.ts";
import type { UserActivity } from "../../../schema/resources/ext.cattle.io/user-activities.ts";
import type { Token } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { authorize } from "../../../schema/store/authorize.ts";
import type { Actor } from "../../../schema/store/authorize.ts";
import type { WriteOptions } from "../../../schema/store/contract.ts";
import {
  StoreError,
  conflict,
  forbiddenObject,
  invalidObject,
  notFound,
} from "../../../schema/store/errors.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { idleLimitMs } from "../../identity/idle-limit.ts";
import type { Identity } from "../../identity/identity.ts";
import { noteActivity, readToken, readTokenNamed } from "../../identity/token-records.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemActor } from "../context.ts";
import type { AppContext } from "../context.ts";
import { activityOf, newlySeen, requireOwnSession } from "./activity-rules.ts";

/** Throws, besides what stores throw, `Forbidden` for whatever is no live session of the caller's. */
export function activityStore(c: AppContext, identity: Identity, actor: Actor): BoundStore {
  const rows = c.get("store").as(systemActor("ext", actor.manager));
  const idleLimit = (): Promise<number> => idleLimitMs(c.get("settings"));

  /** Whoever acts for somebody else, or is no user, has no session to speak of. */
  const askingToken = async (name: string): Promise<Token | undefined> => {
    if (identity.impersonator !== undefined || identity.token.kind === "service-account")
      throw forbiddenObject(definition, name, `${identity.userId} is no user with a session`);
    return readToken(rows, identity.token.name);
  };
  const existing = async (name: string): Promise<Token> => {
    const token = await readTokenNamed(rows, name);
    if (token === undefined) throw notFound(definition, name);
    return token;
  };
  const read = async (name: string): Promise<UserActivity> => {
    authorize(actor, { verb: "get", definition, name });
    const [token, asking, idleMs] = await Promise.all([existing(name), askingToken(name), idleLimit()]);
    requireOwnSession(name, token, asking, { now: Date.now(), idleMs });
    return activityOf(name, token, idleMs);
  };
  const write = async (
    verb: "update" | "patch",
    name: string,
    change: (current: UserActivity) => UserActivity | undefined,
    { dryRun = false }: WriteOptions,
  ): Promise<UserActivity> => {
    authorize(actor, { verb, definition, name });
    const [found, asking, idleMs] = await Promise.all([existing(name), askingToken(name), idleLimit()]);
    const judge = (token: Token): string | undefined => {
      const now = Date.now();
      requireOwnSession(name, token, asking, { now, idleMs });
      const current = activityOf(name, token, idleMs);
      const wanted = change(current);
      if (wanted === undefined) return undefined;
      const { uid = current.metadata.uid } = wanted.metadata;
      if (uid !== current.metadata.uid)
        throw conflict(definition, name, `the UID in the precondition (${uid ?? ""}) does not match`);
      return newlySeen(name, judged(name, wanted), token, now);
    };
    const noted = await absentAsUndefined(noteActivity(rows, found.metadata.name, judge, { dryRun, verb }));
    if (noted === undefined) throw notFound(definition, name);
    return activityOf(name, noted, idleMs);
  };

  // Callers name the type of the store, and get its objects.
  const told = (object: UserActivity): never => object as never;
  return {
    get: async (_, _namespace, name) => told(await read(name)),
    update: async (_, object, options = {}) => {
      const { name } = object.metadata;
      // Of two windows of a browser, each knows an older version: which one is written last is all the same.
      return told(await write("update", name, () => object, options));
    },
    modify: async (_, _namespace, name, change, { dryRun = false, verb = "update" } = {}) =>
      told(await write(verb, name, (current) => change(told(current)), { dryRun })),
    apply: async (_, _namespace, name, config, { dryRun = false }) => {
      const { metadata, spec } = config as unknown as UserActivity;
      const wanted = (current: UserActivity): UserActivity | undefined =>
        spec === undefined ? undefined : { ...current, metadata: { ...current.metadata, ...metadata }, spec };
      return { object: told(await write("patch", name, wanted, { dryRun })), created: false };
    },
    list: refused,
    create: refused,
    delete: refused,
    deleteCollection: refused,
    metadata: c.get("store").as(actor).metadata,
    texts: {
      get: async (_, _namespace, name) => JSON.stringify(await read(name)),
      page: refused,
      versions: refused,
      mayWatch: () => {
        throw notServed();
      },
      unseal: refused,
      revision: rows.texts.revision,
    },
  };
}

/** In the type's shape. Throws `Invalid`. */
function judged(name: string, { spec = {} }: UserActivity): Pick<UserActivity, "spec"> {
  const content = { spec: structuredClone(spec) };
  const schema = definition.schema();
  prune(schema, content);
  const errors = validate(schema, content);
  if (errors.length > 0) throw invalidObject(definition, name, errors);
  return content;
}

async function refused(): Promise<never> {
  throw notServed();
}

function notServed(): StoreError {
  return new StoreError("MethodNotAllow", "the server does not allow this method on the requested resource");
}
