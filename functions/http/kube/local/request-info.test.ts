import { describe, expect, it } from "vitest";
import { parseRequestInfo } from "./request-info.ts";
import type { RequestInfo } from "./request-info.ts";

function parse(method: string, target: string): RequestInfo | undefined {
  const [path = "", query = ""] = target.split("?");
  return parseRequestInfo(method, path, new URLSearchParams(query));
}

/** `verb group/version resource[/subresource] ns=… name=… rest=…` */
function described(method: string, target: string): string {
  const info = parse(method, target);
  if (info === undefined) return "refused";
  if (!info.isResource) return `${info.verb} ${info.path}`;
  const { verb, group, version, namespace, resource, subresource, name, rest } = info;
  return [
    verb,
    `${group}/${version}`,
    subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(namespace === undefined ? [] : [`ns=${namespace}`]),
    ...(name === undefined ? [] : [`name=${name}`]),
    ...(rest === undefined ? [] : [`rest=${rest.join("/")}`]),
  ].join(" ");
}

/** The cases of k8s.io/apiserver's own tests of its RequestInfoFactory. */
const resources: readonly (readonly [method: string, target: string, expected: string])[] = [
  ["GET", "/api/v1/namespaces", "list /v1 namespaces"],
  ["GET", "/api/v1/namespaces/other", "get /v1 namespaces ns=other name=other"],
  ["GET", "/api/v1/namespaces/other/pods", "list /v1 pods ns=other"],
  ["GET", "/api/v1/namespaces/other/pods/foo", "get /v1 pods ns=other name=foo"],
  ["HEAD", "/api/v1/namespaces/other/pods/foo", "get /v1 pods ns=other name=foo"],
  ["GET", "/api/v1/pods", "list /v1 pods"],
  ["HEAD", "/api/v1/pods", "list /v1 pods"],
  ["GET", "/api/v1/watch/pods", "watch /v1 pods"],
  ["GET", "/api/v1/pods?watch=true", "watch /v1 pods"],
  ["GET", "/api/v1/pods?watch=false", "list /v1 pods"],
  ["GET", "/api/v1/watch/namespaces/other/pods", "watch /v1 pods ns=other"],
  ["GET", "/api/v1/namespaces/other/pods?watch=1", "watch /v1 pods ns=other"],
  ["GET", "/api/v1/namespaces/other/pods?watch=0", "list /v1 pods ns=other"],
  ["GET", "/api/v1/namespaces/other/pods/foo/status", "get /v1 pods/status ns=other name=foo"],
  [
    "GET",
    "/api/v1/namespaces/other/pods/foo/proxy/subpath",
    "get /v1 pods/proxy ns=other name=foo rest=subpath",
  ],
  ["PUT", "/api/v1/namespaces/other/finalize", "update /v1 namespaces/finalize ns=other name=other"],
  ["PUT", "/api/v1/namespaces/other/status", "update /v1 namespaces/status ns=other name=other"],
  ["PATCH", "/api/v1/namespaces/other/pods/foo", "patch /v1 pods ns=other name=foo"],
  ["DELETE", "/api/v1/namespaces/other/pods/foo", "delete /v1 pods ns=other name=foo"],
  ["POST", "/api/v1/namespaces/other/pods", "create /v1 pods ns=other"],
  ["DELETE", "/api/v1/nodes", "deletecollection /v1 nodes"],
  ["DELETE", "/api/v1/namespaces", "deletecollection /v1 namespaces"],
  ["DELETE", "/api/v1/namespaces/other/pods", "deletecollection /v1 pods ns=other"],
  ["DELETE", "/apis/extensions/v1/namespaces/other/pods", "deletecollection extensions/v1 pods ns=other"],
  ["POST", "/apis/extensions/v1beta3/namespaces/other/pods", "create extensions/v1beta3 pods ns=other"],
  ["GET", "/apis/batch/v1/job/foo/scale", "get batch/v1 job/scale name=foo"],
];

describe("parseRequestInfo", () => {
  it.each(resources)("reads %s %s as Kubernetes does", (method, target, expected) => {
    expect(described(method, target)).toBe(expected);
  });

  it.each([
    ["/", "get /"],
    ["", "get /"],
    ["/api", "get /api"],
    ["/api/v1", "get /api/v1"],
    ["/api/v1/", "get /api/v1"],
    ["/apis", "get /apis"],
    ["/apis/group/version/", "get /apis/group/version"],
    ["/apis/version/resource", "get /apis/version/resource"],
    ["/badprefix/version/resource", "get /badprefix/version/resource"],
    ["/version", "get /version"],
    ["/openapi/v3/apis/a%20b", "get /openapi/v3/apis/a b"],
  ])("takes %j for no resource", (target, expected) => {
    expect(described("GET", target)).toBe(expected);
  });

  it("drops one slash at the end", () => {
    expect(described("GET", "/api/v1/namespaces/other/pods/")).toBe("list /v1 pods ns=other");
  });

  describe("of lists and watches, takes the name that a field selector demands", () => {
    const list = "/apis/g/v1/things";
    it.each([
      ["?fieldSelector=metadata.name=a", "list g/v1 things name=a"],
      ["?fieldSelector=metadata.name==a", "list g/v1 things name=a"],
      ["?watch=true&fieldSelector=metadata.name=a", "watch g/v1 things name=a"],
      ["?fieldSelector=metadata.namespace%3Dx%2Cmetadata.name%3Da", "list g/v1 things name=a"],
      ["?fieldSelector=metadata.name=a&fieldSelector=metadata.name=b", "list g/v1 things name=a"],
    ])("%s", (query, expected) => {
      expect(described("GET", list + query)).toBe(expected);
    });

    it.each([
      ["?fieldSelector=foo=bar", "list g/v1 things"],
      ["?fieldSelector=metadata.name!=a", "list g/v1 things"],
      ["?fieldSelector=metadata.name=", "list g/v1 things"],
      ["?fieldSelector=metadata.name=a,foo&watch=true", "watch g/v1 things"],
      ["?fieldSelector=metadata.name=a%2Fb", "list g/v1 things"],
      ["?fieldSelector=metadata.name=..", "list g/v1 things"],
    ])("but none from %s", (query, expected) => {
      expect(described("GET", list + query)).toBe(expected);
    });

    it("only of those: not of deletions, nor under /watch/", () => {
      expect(described("DELETE", `${list}?fieldSelector=metadata.name=a`)).toBe(
        "deletecollection g/v1 things",
      );
      expect(described("GET", "/apis/g/v1/watch/things?fieldSelector=metadata.name=a")).toBe(
        "watch g/v1 things",
      );
      expect(described("GET", "/apis/g/v1/watch/things/b?fieldSelector=metadata.name=a")).toBe(
        "watch g/v1 things name=b",
      );
    });
  });

  it("reads every value of ?watch as true but false and 0, as query booleans are read there", () => {
    for (const value of ["", "true", "1", "no", "f"]) {
      expect(described("GET", `/api/v1/pods?watch=${value}`)).toBe("watch /v1 pods");
    }
    for (const value of ["0", "false", "FALSE"]) {
      expect(described("GET", `/api/v1/pods?watch=${value}`)).toBe("list /v1 pods");
    }
  });

  it("does not let ?watch turn the read of one object into a watch", () => {
    expect(described("GET", "/api/v1/namespaces/other/pods/foo?watch=true")).toBe(
      "get /v1 pods ns=other name=foo",
    );
  });

  it("has no verb for other methods, nor for writes below /watch/", () => {
    expect(described("OPTIONS", "/api/v1/pods")).toBe(" /v1 pods");
    expect(described("constructor", "/api/v1/pods")).toBe(" /v1 pods");
    expect(described("DELETE", "/api/v1/watch/namespaces/other/pods/foo")).toBe(
      " /v1 pods ns=other name=foo",
    );
  });

  it("has a verb of its own for the legacy proxy paths", () => {
    expect(described("GET", "/api/v1/proxy/namespaces/other/pods/foo")).toBe(
      "proxy /v1 pods ns=other name=foo",
    );
  });

  it("decodes each segment once", () => {
    expect(described("GET", "/apis/g/v1/namespaces/%61/things/system%3Aadmin")).toBe(
      "get g/v1 things ns=a name=system:admin",
    );
    expect(described("GET", "/apis/g/v1/things/a%252Fb")).toBe("get g/v1 things name=a%2Fb");
    expect(described("GET", "/apis/g/v1/things/%C3%A4")).toBe("get g/v1 things name=ä");
  });

  it.each([
    ["a slash inside a segment", "/apis/g/v1/things/a%2Fb"],
    ["a slash inside the namespace", "/apis/g/v1/namespaces/a%2fb/things"],
    ["a NUL", "/apis/g/v1/things/a%00"],
    ["a dot segment", "/apis/g/v1/things/%2e%2e"],
    ["a half escape", "/apis/g/v1/things/a%2"],
    ["an escape that is no UTF-8", "/apis/g/v1/things/%ff"],
    ["an empty segment", "/apis/g/v1//things"],
    ["an empty namespace", "/api/v1/namespaces//pods"],
    ["two slashes at the end", "/api/v1/pods//"],
    ["two slashes alone", "//"],
    ["nothing behind /watch", "/api/v1/watch"],
  ])("refuses %s", (_, path) => {
    expect(parse("GET", path)).toBeUndefined();
  });
});
