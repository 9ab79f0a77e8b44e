/**
 * Every path this Worker answers, and who may call it (auth.md 4.1, "Ours": deny by default). The first entry that
 * matches counts. What no entry names is 401 without identity and 404 with one.
 */
import { publicSettings } from "../settings/catalogue.ts";
import type { Face } from "./render-error.ts";

export interface Route {
  /** Segments; `:x` is any one segment, `*` at the end is any rest, also none. Raw and case-sensitive. */
  readonly path: string;
  /** Absent: all. GET includes HEAD. */
  readonly methods?: readonly string[];
  /** Required values of `?action=`. */
  readonly actions?: readonly string[];
  /**
   * `public`: anyone. `authenticated`: a valid token of ours. `own`: the handler judges a credential of another kind
   * (registration tokens), or must see tokens that are no longer valid (logout).
   */
  readonly access: "public" | "authenticated" | "own";
  /** Reachable while the password must be changed; `self`: only with the caller's own user id as last segment. */
  readonly beforePasswordChange?: "yes" | "self" | "me";
  /** The shape of its errors. */
  readonly face: Face;
}

const get = ["GET", "HEAD"];
const post = ["POST"];

export const routes: readonly Route[] = [
  // Anybody may ask; RBAC decides, for `system:anonymous` too.
  { path: "/.well-known/openid-configuration", methods: get, access: "public", face: "kube" },
  { path: "/openid/v1/jwks", methods: get, access: "public", face: "kube" },
  {
    path: "/k8s/clusters/local/.well-known/openid-configuration",
    methods: get,
    access: "public",
    face: "kube",
  },
  { path: "/k8s/clusters/local/openid/v1/jwks", methods: get, access: "public", face: "kube" },
  ...["", "/k8s/clusters/local", "/ext"].flatMap((prefix) =>
    // Who am I, and the way out of a password that must be changed.
    ["selfusers", "passwordchangerequests"].map((plural): Route => ({
      path: `${prefix}/apis/ext.cattle.io/v1/${plural}`,
      methods: post,
      access: "authenticated",
      beforePasswordChange: "yes",
      face: "kube",
    })),
  ),
  { path: "/k8s/clusters/*", access: "authenticated", face: "kube" },
  { path: "/k8s/proxy/*", access: "authenticated", face: "kube" },
  { path: "/api/*", access: "authenticated", face: "kube" },
  { path: "/apis/*", access: "authenticated", face: "kube" },
  { path: "/ext/*", access: "authenticated", face: "kube" },
  { path: "/openapi/*", methods: get, access: "authenticated", face: "kube" },
  { path: "/version", methods: get, access: "authenticated", face: "kube" },
  { path: "/meta/proxy/*", access: "authenticated", face: "norman" },
  // Of these, who may get `ranchermetrics` (auth.md 4.1).
  { path: "/metrics", methods: get, access: "authenticated", face: "text" },
  { path: "/ping", methods: get, access: "public", face: "text" },
  { path: "/healthz", methods: get, access: "public", face: "text" },
  { path: "/cacerts", methods: get, access: "public", face: "text" },
  { path: "/rancherversion", methods: get, access: "public", face: "norman" },
  { path: "/", methods: get, access: "public", face: "norman" },
  { path: "/v1-public/authproviders", methods: get, access: "public", face: "public-auth" },
  { path: "/v1-public/login", methods: post, access: "public", face: "public-auth" },
  { path: "/v3-public/authProviders", methods: get, access: "public", face: "public-auth" },
  { path: "/v3-public/authProviders/:id", methods: get, access: "public", face: "public-auth" },
  {
    path: "/v3-public/localProviders/local",
    methods: post,
    actions: ["login"],
    access: "public",
    face: "public-auth",
  },
  ...publicSettings.map((name): Route => ({
    path: `/v3/settings/${name}`,
    methods: get,
    access: "public",
    face: "norman",
  })),
  { path: "/v3/import/:file", access: "own", face: "text" },
  { path: "/v3/connect", access: "own", face: "text" },
  { path: "/v3/connect/register", access: "own", face: "text" },
  { path: "/v3/tokens", methods: post, actions: ["logout", "logoutAll"], access: "own", face: "norman" },
  { path: "/v1/logout", methods: post, access: "own", face: "norman" },
  {
    path: "/v3/users",
    methods: post,
    actions: ["changepassword"],
    access: "authenticated",
    beforePasswordChange: "yes",
    face: "norman",
  },
  {
    path: "/v3/users",
    methods: get,
    access: "authenticated",
    beforePasswordChange: "me",
    face: "norman",
  },
  {
    path: "/v3/users/:id",
    methods: get,
    access: "authenticated",
    beforePasswordChange: "self",
    face: "norman",
  },
  { path: "/v3/*", access: "authenticated", face: "norman" },
];

/** What no route names. */
export const unknownRoute: Route = { path: "*", access: "authenticated", face: "norman" };

const compiled = routes.map((route) => ({ route, pattern: patternOf(route.path) }));

/** The first entry for a request; `unknownRoute` when there is none. `path` is raw; `query` without `?`. */
export function routeOf(method: string, path: string, query: string): Route {
  const found = compiled.find(
    ({ route, pattern }) =>
      pattern.test(path) &&
      (route.methods === undefined || route.methods.includes(method)) &&
      (route.actions === undefined || hasAction(route.actions, query)),
  );
  return found?.route ?? unknownRoute;
}

/** Exactly one `action` parameter, with one of these values: handlers and this table must not read different ones. */
function hasAction(actions: readonly string[], query: string): boolean {
  const given = new URLSearchParams(query).getAll("action");
  return given.length === 1 && given[0] !== undefined && actions.includes(given[0]);
}

function patternOf(path: string): RegExp {
  const body = path
    .replace(/\/\*$/, "")
    .replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/:\w+/g, "[^/]+");
  return new RegExp(`^${body}${path.endsWith("/*") ? "(?:/.*)?" : ""}$`);
}
