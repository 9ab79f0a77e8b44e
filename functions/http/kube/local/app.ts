/**
 * The management objects as a Kubernetes API: `/k8s/clusters/local/…`, `/api`, `/apis` (design 2). Rights on each object are
 * judged by the store, on discovery, version and health here: ClusterRole `system:discovery` gives them to all.
 */
import { Hono } from "hono";
import { fieldManagerOf } from "../../../../schema/apply/field-manager.ts";
import { typeKey } from "../../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { extension } from "../../../../schema/resources/ext.cattle.io/group.ts";
import { parseGoDuration } from "../../../../schema/structural/go-duration.ts";
import { authorize, authorizePath } from "../../../../schema/store/authorize.ts";
import type { Actor, Verb } from "../../../../schema/store/authorize.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";
import { allowsPath } from "../../../../schema/rbac/evaluate.ts";
import { anonymousIdentity } from "../../../identity/anonymous.ts";
import { actorOf } from "../../../identity/identity.ts";
import type { Identity } from "../../../identity/identity.ts";
import { resolveImpersonation } from "../../../identity/impersonation.ts";
import { requireIdentity, systemStore } from "../../context.ts";
import type { AppContext, AppEnv } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { toApiError } from "../../render-error.ts";
import { answerFailure } from "./answer.ts";
import { ownTypeOf } from "../../ext/own-types.ts";
import { requireCsrfToken } from "../../norman/csrf.ts";
import type { Call } from "./call.ts";
import { verbsOf } from "./discovery.ts";
import { documents, notFound } from "./documents.ts";
import { negotiate } from "./negotiate.ts";
import { get, list } from "./read.ts";
import { parseRequestInfo } from "./request-info.ts";
import type { ResourceRequest } from "./request-info.ts";
import { review } from "./reviews.ts";
import { requestToken } from "./token-request.ts";
import { scale } from "./scale.ts";
import { viewActor, viewStore } from "./view-store.ts";
import { watch } from "./watch.ts";
import { create, patch, remove, removeCollection, update } from "./write.ts";

const prefix = "/k8s/clusters/local";
/** Where Rancher's API server of ext.cattle.io is, which serves nothing else. */
const extensionPrefix = "/ext";
const extensionRoot = `/apis/${extension.group}`;

export const localKubeApp = new Hono<AppEnv>()
  .all(prefix, serve)
  .all(`${prefix}/*`, serve)
  .all("/api", serve)
  .all("/api/*", serve)
  .all("/apis", serve)
  .all("/apis/*", serve)
  .all(`${extensionPrefix}${extensionRoot}`, serve)
  .all(`${extensionPrefix}${extensionRoot}/*`, serve)
  .all("/openapi/*", serve)
  .all("/.well-known/openid-configuration", serve)
  .all("/openid/v1/jwks", serve)
  .all("/version", serve);

const verbs: Readonly<Record<string, (call: Call) => Promise<Response>>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
};

/** By type and subresource. */
const subresources: Readonly<Record<string, (call: Call) => Promise<Response>>> = {
  "serviceaccounts/token": requestToken,
};

/** What serves a subresource that the type declares; `undefined` for the object itself, its status and what is unknown. */
function subresourceHandler(
  definition: ResourceDefinition,
  { subresource = "" }: ResourceRequest,
): { readonly handler: (call: Call) => Promise<Response>; readonly verbs: readonly string[] } | undefined {
  if (subresource === "scale" && definition.scaleSubresource !== undefined)
    return { handler: scale, verbs: ["get", "update", "patch"] };
  const declared = definition.subresources ?? {};
  const found = Object.hasOwn(declared, subresource) ? declared[subresource] : undefined;
  if (found === undefined) return undefined;
  const name = `${typeKey(definition)}/${subresource}`;
  const handler = subresources[name];
  if (handler === undefined) throw new TypeError(`nothing serves ${name}`);
  return { handler, verbs: found.verbs };
}

/** Whether the store itself writes this part of the type's objects. */
function isStorePart(
  { statusSubresource = false, finalizeSubresource = false }: ResourceDefinition,
  part: string,
): boolean {
  return (part === "status" && statusSubresource) || (part === "finalize" && finalizeSubresource);
}

async function serve(c: AppContext): Promise<Response> {
  // A browser's cookie comes with what foreign pages of the same site ask for, too.
  if (!["GET", "HEAD"].includes(c.req.method) && !c.req.raw.headers.has("authorization")) requireCsrfToken(c);
  const identity = await resolveImpersonation(c, await callerOf(c), "local");
  const [path = "", search = ""] = split(c.get("target"));
  const query = new URLSearchParams(search);
  const before = [prefix, extensionPrefix].find((one) => path.startsWith(one)) ?? "";
  const info = parseRequestInfo(c.req.method, path.slice(before.length), query);
  if (info === undefined) throw notFound();
  refuseOddTimeout(info.verb, query.get("timeout") ?? "");
  const manager = fieldManagerOf(query.get("fieldManager") ?? "", c.req.header("user-agent") ?? "");
  const actor = { ...actorOf(identity), manager };
  if (!info.isResource) {
    // Who has not said who he is may yet do so.
    if (c.get("identity") === undefined && !allowsPath(identity.rules, info.verb, info.path))
      throw new ApiError("Unauthorized", "must authenticate");
    authorizePath(actor, info.verb, info.path);
    return documents(c, info, query);
  }
  const definition = await c.get("store").types.byPlural(info.group, info.version, info.resource);
  if (definition === undefined) {
    // Rights come before existence: who has none does not learn which types there are.
    const { group, resource: plural, ...attempt } = info;
    authorize(actor, { ...attempt, verb: info.verb as Verb, definition: { group, plural, kind: "" } });
    throw notFound();
  }
  refuseScoped(identity, definition);
  const subresource = subresourceHandler(definition, info);
  const handler = subresource?.handler ?? (Object.hasOwn(verbs, info.verb) ? verbs[info.verb] : undefined);
  if (handler === undefined || !(subresource?.verbs ?? verbsOf(definition)).includes(info.verb))
    throw new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource");
  const isQuestion = verbsOf(definition).length === 1;
  const namespace = namespaceOf(info, definition.scope);
  // Before anything of the request is judged, as in Kubernetes; the store judges again what it is asked for.
  if (!isQuestion) {
    const { verb, name } = info;
    authorize(actor, { verb: verb as Verb, definition, namespace, name, subresource: info.subresource });
  }
  if (
    subresource === undefined &&
    info.subresource !== undefined &&
    !isStorePart(definition, info.subresource)
  )
    throw notFound();
  const { headers } = c.req.raw;
  const output = negotiate(headers.get("accept"), query, headers.get("user-agent") ?? "", isQuestion);
  if (output === undefined)
    throw new ApiError("NotAcceptable", "only application/json and application/yaml are served");
  const own = ownTypeOf(definition);
  const call: Call = {
    c,
    info,
    query,
    definition,
    namespace,
    identity,
    store: own?.store(c, identity, actor) ?? storeOf(c, actor, definition),
    ...(own?.rows === undefined ? {} : { rows: own.rows(identity, info.verb as Verb) }),
    output,
    warnings: [],
  };
  if (definition.custom?.deprecation !== undefined) call.warnings.push(definition.custom.deprecation);
  const answer = await failureAware(call, isQuestion ? review : handler);
  for (const warning of call.warnings.slice(0, maxWarnings))
    answer.headers.append("warning", `299 - ${quoted(warning)}`);
  return answer;
}

/** What is refused is said in the form that was asked for, with the warnings that there are. Faults go the common way. */
async function failureAware(call: Call, handler: (call: Call) => Promise<Response>): Promise<Response> {
  try {
    return await handler(call);
  } catch (thrown) {
    const error = toApiError(thrown);
    if (error.status >= 500 || (call.warnings.length === 0 && call.output.format === "json")) throw thrown;
    return answerFailure(call, error);
  }
}

/** Who acts for one cluster alone has no business with tokens, passwords and kubeconfigs (auth.md 11, check 17). */
function refuseScoped({ userId, token }: Identity, { group }: ResourceDefinition): void {
  if (token.clusterName === undefined || group !== extension.group) return;
  throw new ApiError(
    "Forbidden",
    `User ${JSON.stringify(userId)} cannot use API group ${JSON.stringify(group)} with a token of one cluster`,
  );
}

/** Nobody in particular, where the route table lets anybody ask. Throws `Unauthorized`. */
async function callerOf(c: AppContext): Promise<Identity> {
  const isOpen = c.get("identity") === undefined && c.get("route").access === "public";
  const anybody = isOpen ? await anonymousIdentity(() => systemStore(c, "anonymous")) : undefined;
  return anybody ?? requireIdentity(c);
}

function storeOf(c: AppContext, actor: Actor, definition: ResourceDefinition): BoundStore {
  const { view } = definition;
  if (view === undefined) return c.get("store").as(actor);
  const own = c.get("store").as(viewActor(actor, definition, view));
  return viewStore(own, systemStore(c, "view"), view);
}

/** Of requests that end by themselves; how long they may take is the platform's to say. */
function refuseOddTimeout(verb: string, timeout: string): void {
  if (verb === "watch" || timeout === "" || parseGoDuration(timeout) !== undefined) return;
  throw new ApiError(
    "BadRequest",
    `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(timeout)}`,
  );
}

const maxWarnings = 20;

/** RFC 7234 5.5: a quoted string of printable ASCII. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}

/** A cluster-scoped type has none in its paths; of a namespaced one, only lists and watches may lack it. */
function namespaceOf(info: ResourceRequest, scope: "Cluster" | "Namespaced"): string {
  const { namespace = "", verb } = info;
  if (scope === "Cluster") {
    // /api/v1/namespaces/x is the Namespace x itself.
    if (namespace !== "" && (info.resource !== "namespaces" || info.name !== namespace)) throw notFound();
    return "";
  }
  if (namespace === "" && verb !== "list" && verb !== "watch")
    throw info.name === undefined
      ? new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource")
      : notFound();
  return namespace;
}

function split(target: string): string[] {
  const at = target.indexOf("?");
  return at === -1 ? [target, ""] : [target.slice(0, at), target.slice(at + 1)];
}
