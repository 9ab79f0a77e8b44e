/** What the middleware chain puts into the Hono context, typed, and the few functions that handlers read it with. */
import type { Context } from "hono";
import { fieldManagerOf } from "../../schema/apply/field-manager.ts";
import { everythingRules } from "../../schema/resources/policy-rule.ts";
import type { Actor, BoundStore, Store } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { actorOf } from "../identity/identity.ts";
import type { Identity } from "../identity/identity.ts";
import type { Logger } from "../../schema/logger.ts";
import type { Settings } from "../settings/settings.ts";
import { ApiError } from "./errors.ts";
import type { Route } from "./routes.ts";

export interface AppVariables {
  readonly requestId: string;
  /** The raw request target, taken once: `/k8s/clusters/c-abcde/api?limit=5`. Its path part is `c.req.path` (not decoded). */
  readonly target: string;
  /** The entry of the route table that this request falls under. */
  readonly route: Route;
  /** The client's address as the edge saw it; empty where it is unknown. */
  readonly clientAddress: string;
  /** `https://host[:port]` as the client wrote it. Prefer `baseUrl(c)`. */
  readonly origin: string;
  /** Absent: nobody, or an invalid token. Never read identity from headers. */
  readonly identity: Identity | undefined;
  readonly log: Logger;
  /** This request's store; opens its Postgres connection on the first query. */
  readonly store: Store;
  readonly settings: Settings;
  /** The answer is a tunnel object's, which has given it all its headers: it passes as it is. */
  readonly throughTunnel?: true;
}

export interface AppEnv {
  Bindings: Env;
  Variables: AppVariables;
}

export type AppContext = Context<AppEnv>;

/** The caller; throws `Unauthorized`. The route table has already judged: this is the typed way to read it. */
export function requireIdentity(c: AppContext): Identity {
  const identity = c.get("identity");
  if (identity === undefined) throw new ApiError("Unauthorized", "must authenticate");
  return identity;
}

/** The store as the caller: every call is authorised. */
export function storeOf(c: AppContext): BoundStore {
  const agent = fieldManagerOf("", c.req.header("user-agent") ?? "");
  const actor = actorOf(requireIdentity(c));
  return c.get("store").as(agent === "" ? actor : { ...actor, manager: agent });
}

/**
 * The store with every right, for what the server does on its own account: own tokens, login, name checks.
 * `purpose` names the actor `system:<purpose>`.
 */
export function systemStore(c: AppContext, purpose: string): BoundStore {
  return c.get("store").as(systemActor(purpose));
}

/** An actor with every right. `manager`: whom it notes as the manager of what it writes. */
export function systemActor(purpose: string, manager = "drover"): Actor {
  return { name: `system:${purpose}`, groups: [], rules: everythingRules, server: true, manager };
}

/**
 * Base of absolute links, without a trailing slash: setting `server-url`, else `DROVER_SERVER_URL`, else the origin of
 * the request. Forwarded headers are not believed (auth.md 1.8, "Ours").
 */
export async function baseUrl(c: AppContext): Promise<string> {
  return (await c.get("settings").serverUrl()) ?? c.get("origin");
}
