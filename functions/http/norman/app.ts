/** The Norman face, `/v3` (norman-v3.md): driven by the declarations, with a few rules per type (rules/). */
import { Hono } from "hono";
import type { MiddlewareHandler } from "hono";
import { registry } from "../../../schema/resources/registry.ts";
import type { NormanDefinition } from "../../../schema/resources/registry.ts";
import { baseUrl } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { csrf } from "./csrf.ts";
import { collectionUrl, referringField } from "./links.ts";
import { parseNormanPath } from "./path.ts";
import type { NormanPath } from "./path.ts";
import { TypeRequests } from "./requests.ts";

export const normanApp = new Hono<AppEnv>();

/** Only the proxy to clusters impersonates. Ignoring it here would run the request as the caller, with all his rights. */
const refuseImpersonation: MiddlewareHandler<AppEnv> = async (c, next) => {
  for (const name of c.req.raw.headers.keys())
    if (name.startsWith("impersonate-"))
      throw new ApiError("BadRequest", "impersonation is not supported on /v3");
  await next();
};

for (const path of ["/v3", "/v3/*"]) normanApp.use(path, refuseImpersonation, csrf);

normanApp.get("/", async (c) => {
  const root = rootOf(await baseUrl(c));
  return c.json({
    type: "collection",
    resourceType: "apiRoot",
    links: { self: `${await baseUrl(c)}/` },
    actions: {},
    data: [root],
  });
});
normanApp.all("/v3", (c) => answer(c));
normanApp.all("/v3/*", (c) => answer(c));

async function answer(c: AppContext): Promise<Response> {
  const path = parseNormanPath(c.req.path);
  if (path === undefined) throw new ApiError("NotFound", "not found");
  if (path === "root") return c.json(rootOf(await baseUrl(c)));
  const { requests, definition, id } = resolve(c, path);
  const query = new URLSearchParams(c.get("target").slice(c.req.path.length + 1));
  const action = c.req.method === "POST" ? (query.get("action") ?? "") : "";
  const method = action === "remove" ? "DELETE" : methodOf(c, query);
  if (action !== "" && action !== "remove") return requests.act(id, action);
  const { collectionMethods, resourceMethods } = definition.norman;
  const allowed: readonly string[] = id === undefined ? collectionMethods : resourceMethods;
  if (!allowed.includes(method)) throw new ApiError("MethodNotAllow", `Method ${method} not supported`);
  if (id === undefined) return method === "GET" ? requests.list() : requests.create();
  if (method === "GET") return requests.get(id);
  return method === "PUT" ? requests.update(id) : requests.remove(id);
}

/** A POST may name the method it stands for; no other may: a GET that deletes would pass CSRF (norman-v3.md 1.6). */
function methodOf(c: AppContext, query: URLSearchParams): string {
  const named = c.req.method === "POST" ? query.get("_method") : null;
  return named === null || named === "" ? c.req.method : named.toUpperCase();
}

/** A type's collection or resource, or one below a cluster (norman-v3.md 1.1). */
function resolve(
  c: AppContext,
  path: NormanPath,
): { requests: TypeRequests; definition: NormanDefinition; id?: string } {
  const definition = definitionOf(path.type);
  if (path.child === undefined)
    return {
      requests: new TypeRequests(c, definition),
      definition,
      ...(path.id === undefined ? {} : { id: path.id }),
    };
  const below = definition.norman.id === "cluster" ? registry.byNormanId(path.child) : undefined;
  const field = below === undefined ? undefined : referringField(below, "cluster");
  if (below === undefined || field === undefined || path.id === undefined)
    throw new ApiError("NotFound", "Link not found");
  const requests = new TypeRequests(c, below, { [field]: path.id });
  return { requests, definition: below, ...(path.childId === undefined ? {} : { id: path.childId }) };
}

function definitionOf(type: string): NormanDefinition {
  const found = registry.byNormanId(type);
  if (found === undefined) throw new ApiError("NotFound", `failed to find schema ${type}`);
  return found;
}

/** One link per type that can be listed (norman-v3.md 1.3). */
function rootOf(base: string): object {
  const types = registry.norman().filter(({ norman }) => norman.collectionMethods.includes("GET"));
  return {
    type: "apiRoot",
    baseType: "apiRoot",
    apiVersion: { group: "management.cattle.io", path: "/v3", version: "v3" },
    links: {
      root: `${base}/v3`,
      self: `${base}/v3`,
      ...Object.fromEntries(
        types.map((definition) => [definition.norman.pluralName, collectionUrl(base, definition)]),
      ),
    },
  };
}
