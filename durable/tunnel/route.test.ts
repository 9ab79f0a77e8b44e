import { expect, it } from "vitest";
import { isSteves, passesSteve } from "./route.ts";

it("tunnel 48: Steve's own paths are for a steve session alone", () => {
  expect(["/v1", "/v1/pods?x", "/v1?y", "/ping"].filter(isSteves)).toHaveLength(4);
  expect(["/v1beta", "/api/v1", "/", "/v1%2Fpods", "/pings"].filter(isSteves)).toEqual([]);
});

it("a steve session carries what Rancher's embedded server hands on as it is", () => {
  const passed = [
    "/api/v1/pods?watch=true",
    "/apis/apps/v1",
    "/openapi/v3/apis/apps/v1",
    "/version",
    "/version?timeout=32s",
    "/api/v1/namespaces/a/services/https:b:443/proxy/c%2Fd?e=//f",
    "/apis/management.cattle.io.example/v1",
  ];
  expect(passed.filter((target) => !passesSteve(target))).toEqual([]);
  const answeredByItself = ["/", "/livez", "/readyz?verbose", "/healthz", "/metrics", "/logs/a", "/openapi"];
  const redirected = ["/api", "/apis?timeout=32s", "/api/v1/a//b", "/api/v1/a%2f%2Fb", "/api/v1/a/%2fb"];
  const guarded = ["/apis/management.cattle.io/v3/settings", "/apis/management.cattle.io"];
  expect([...answeredByItself, ...redirected, ...guarded].filter(passesSteve)).toEqual([]);
});
