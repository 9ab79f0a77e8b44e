import { describe, expect, it } from "vitest";
import { scopeAllows } from "./scope.ts";

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
