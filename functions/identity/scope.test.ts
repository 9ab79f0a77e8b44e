import { describe, expect, it } from "vitest";
import { scopeAllows, serviceAccountMayUse } from "./scope.ts";

describe("a token bound to a cluster", () => {
  it.each([
    "/k8s/clusters/c-a/api",
    "/k8s/clusters/c-a",
    "/k8s/proxy/c-a/x",
    "/v3/clusters/c-a",
    "/v3/cluster/c-a/namespaces",
  ])("auth 17: is valid on %s", (path) => {
    expect(scopeAllows("c-a", path)).toBe(true);
  });

  it.each([
    "/k8s/clusters/c-b/api",
    "/k8s/clusters/c-ab",
    "/k8s/clusters/c-%61",
    "/v3/users",
    "/v3/clusters",
    "/v3",
    "/v1/clusters/c-a",
    "/",
    "/apis",
    "/x/k8s/clusters/c-a",
    "/k8s//clusters/c-a",
    "/v3/tokens",
    "/v3/projects/c-a",
  ])("auth 17: is not valid on %s", (path) => {
    expect(scopeAllows("c-a", path)).toBe(false);
  });

  it("is not what an unscoped token is", () => {
    expect(scopeAllows(undefined, "/v3/users")).toBe(true);
  });
});

describe("the reach of a service account's token", () => {
  it.each([
    "/k8s/clusters/local",
    "/k8s/clusters/local/api/v1",
    "/api",
    "/apis/management.cattle.io/v3/clusters",
    "/openapi/v3",
    "/version",
    "/.well-known/openid-configuration",
    "/openid/v1/jwks",
  ])("is %s", (path) => expect(serviceAccountMayUse(path)).toBe(true));

  it.each([
    "/",
    "/k8s/clusters/localfoo/api",
    "/k8s/clusters/c-a/api",
    "/k8s/clusters/LOCAL/api",
    "/k8s/clusters/%6cocal",
    "/k8s/proxy/local/api",
    "/apisx",
    "/v3/clusters/local",
    "/v3",
    "/v1/clusters",
    "/v3/connect",
  ])("auth 17: is not %s", (path) => expect(serviceAccountMayUse(path)).toBe(false));
});
