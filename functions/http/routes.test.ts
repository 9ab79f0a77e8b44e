import { describe, expect, it } from "vitest";
import { routeOf, routes, unknownRoute } from "./routes.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** A concrete path for a pattern. */
const example = (path: string): string => path.replaceAll(/:\w+/g, "x").replace(/\/\*$/, "/x");

describe("the route table", () => {
  it("auth 24: opens exactly the paths of auth.md 4.1 to callers without identity", () => {
    const open = routes.filter((route) => route.access !== "authenticated").map((route) => route.path);
    expect(new Set(open)).toEqual(
      new Set([
        "/",
        "/ping",
        "/healthz",
        "/cacerts",
        "/rancherversion",
        "/v1-public/authproviders",
        "/v1-public/login",
        "/v3-public/authProviders",
        "/v3-public/authProviders/:id",
        "/v3-public/localProviders/local",
        "/.well-known/openid-configuration",
        "/openid/v1/jwks",
        "/k8s/clusters/local/.well-known/openid-configuration",
        "/k8s/clusters/local/openid/v1/jwks",
        "/v3/settings/cacerts",
        "/v3/settings/first-login",
        "/v3/settings/ui-banners",
        "/v3/settings/ui-brand",
        "/v3/settings/ui-default-landing",
        "/v3/settings/ui-issues",
        "/v3/settings/ui-pl",
        "/v3/import/:file",
        "/v3/connect",
        "/v3/connect/register",
        "/v3/tokens",
        "/v1/logout",
      ]),
    );
  });

  it("auth 24: opens them for the listed methods and actions only", () => {
    for (const route of routes.filter((entry) => entry.access === "public")) {
      const query = route.actions === undefined ? "" : `action=${route.actions[0]}`;
      for (const method of methods) {
        const allowed = route.methods?.includes(method) ?? true;
        expect(`${method} ${routeOf(method, example(route.path), query).access}`).toBe(
          `${method} ${allowed ? "public" : "authenticated"}`,
        );
      }
    }
  });

  it.each([
    "_method=PUT",
    "action=login&action=x",
    "action=logout&action=y",
    "ACTION=logout",
    "action=Logout",
    "action=",
  ])("auth 24: does not open /v3/tokens or the login by the query %s", (query) => {
    expect(routeOf("POST", "/v3/tokens", query).access).toBe("authenticated");
    expect(routeOf("POST", "/v3-public/localProviders/local", query).access).toBe("authenticated");
  });

  const open = routes.filter((route) => route.access !== "authenticated");
  const variants: ((path: string) => string)[] = [
    (path) => `/${path}`,
    (path) => `${path}/`,
    (path) => `${path}.`,
    (path) => `${path};x=1`,
    (path) => path.toUpperCase(),
    (path) => path.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`),
    (path) => `${path}%00`,
    (path) => `${path}foo`,
    (path) => path.replace(/^\/(.)/, "/%2f$1"),
    (path) => `/x${path}`,
    (path) => `${path}/x`,
  ];

  it("auth 24: opens no other spelling of an open path", () => {
    for (const { path, methods: listed } of open.filter(
      (route) => route.path !== "/" && !route.path.includes(":"),
    )) {
      for (const variant of variants) {
        const spelled = variant(example(path));
        if (open.some((route) => route.path === spelled) || spelled.startsWith("/v3-public/authProviders/"))
          continue;
        expect(`${spelled} ${routeOf(listed?.[0] ?? "GET", spelled, "action=login").access}`).toBe(
          `${spelled} authenticated`,
        );
      }
    }
  });

  it.each([
    "/v1",
    "/v1/management.cattle.io.clusters",
    "/apix",
    "/openapi2",
    "/k8s",
    "/k8s/clustersx",
    "/v3x",
    "/V3",
    "/metrics/",
    "/dashboard/",
  ])("names no handler for %s", (path) => {
    expect(routeOf("GET", path, "")).toBe(unknownRoute);
  });

  it("answers below /k8s/clusters and /k8s/proxy as Kubernetes does", () => {
    for (const path of [
      "/k8s/clusters",
      "/k8s/clusters/",
      "/k8s/clusters/local",
      "/k8s/clusters/c-x/api",
      "/k8s/proxy/c-x/api",
    ])
      expect(routeOf("GET", path, "")).toMatchObject({ access: "authenticated", face: "kube" });
  });

  it("auth 8: lets a caller who must change his password do that, read himself, and nothing else", () => {
    const marked = routes.filter((route) => route.beforePasswordChange !== undefined);
    expect(
      marked.map((route) => `${route.methods?.[0]} ${route.path} ${route.actions?.[0] ?? ""}`.trim()),
    ).toEqual([
      "POST /apis/ext.cattle.io/v1/selfusers",
      "POST /apis/ext.cattle.io/v1/passwordchangerequests",
      "POST /k8s/clusters/local/apis/ext.cattle.io/v1/selfusers",
      "POST /k8s/clusters/local/apis/ext.cattle.io/v1/passwordchangerequests",
      "POST /ext/apis/ext.cattle.io/v1/selfusers",
      "POST /ext/apis/ext.cattle.io/v1/passwordchangerequests",
      "POST /v3/users changepassword",
      "GET /v3/users",
      "GET /v3/users/:id",
    ]);
  });
});
