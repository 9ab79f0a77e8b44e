import { describe, expect, it } from "vitest";
import { parseAccept } from "./accept.ts";
import { metadataMismatch, negotiate, negotiateDiscovery, negotiateFormat } from "./negotiate.ts";

const table = "as=Table;g=meta.k8s.io;v=v1";

/** What kube-apiserver 1.36.3 answered to a GET of a custom resource; 406 where it refused. */
const recorded: readonly (readonly [accept: string, answer: string])[] = [
  ["*/*", "json object"],
  ["*", "json object"],
  ["application/*", "json object"],
  ["text/*", "406"],
  ["text/html, */*", "json object"],
  ["text/html, application/json;q=0.1", "json object"],
  ["application/yaml, application/json", "yaml object"],
  ["application/json;q=0.5, application/yaml", "yaml object"],
  ["application/json;q=0.5, application/yaml;q=0.9", "yaml object"],
  ["application/json;q=0", "json object"],
  ["application/yaml;q=x, application/json;q=0.1", "json object"],
  ["*/*;q=1, application/yaml;q=0.1", "yaml object"],
  ["*/*, application/yaml", "yaml object"],
  ["application/*, application/yaml;q=0.2", "yaml object"],
  ["application/yaml;q=0.2, application/*;q=0.9", "json object"],
  ["image/png, application/*;q=0.3, application/yaml;q=0.3, */*;q=0.9", "json object"],
  ["application/vnd.kubernetes.protobuf, application/json", "json object"],
  ["application/json;charset=utf-8", "json object"],
  ["application/json;stream=watch", "json object"],
  ["application/yaml;stream=watch", "406"],
  ["application/yaml;stream=watch, application/json", "json object"],
  ["application/json;stream=other", "406"],
  ["application/json;sv=v1", "json object"],
  ["application/json;pretty=1", "json object pretty"],
  ["application/json;pretty=true", "json object"],
  [`application/json;${table}`, "json Table v1"],
  [
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
    "json Table v1",
  ],
  ["application/json;as=Table;g=meta.k8s.io;v=v1beta1", "json Table v1beta1"],
  ["application/json;as=Table;g=meta.k8s.io;v=v2", "406"],
  ["application/json;as=Table;g=meta.k8s.io", "406"],
  ["application/json;v=v1", "406"],
  ["application/json;as=Foo;g=meta.k8s.io;v=v1, application/json", "json object"],
  [`application/yaml;${table}`, "yaml Table v1"],
  ["*/*;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "json PartialObjectMetadata v1"],
  ["application/json ; as=PartialObjectMetadata ; g=meta.k8s.io ; v=v1", "json PartialObjectMetadata v1"],
  ["application/json;as = Table;g=meta.k8s.io;v=v1", "json Table v1"],
  ["APPLICATION/JSON", "406"],
  ["application", "406"],
  ["application/json/x", "406"],
  ["application/json,", "json object"],
  [",", "406"],
  [`application/json;q=0.9;${table}, application/json`, "json object"],
  ["application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", "406"],
];

function described(accept: string | null, query?: URLSearchParams, userAgent?: string): string {
  const output = negotiate(accept, query, userAgent);
  if (output === undefined) return "406";
  const { format, as, pretty, apiVersion } = output;
  return [
    format,
    as,
    ...(as === "object" ? [] : [apiVersion.replace("meta.k8s.io/", "")]),
    ...(pretty ? ["pretty"] : []),
  ].join(" ");
}

describe("negotiate", () => {
  it.each(recorded)("answers Accept: %s as kube-apiserver does: %s", (accept, answer) => {
    expect(described(accept)).toBe(answer);
  });

  it("gives JSON to a client that says nothing", () => {
    expect(described(null)).toBe("json object");
    expect(described("")).toBe("json object");
  });

  it("refuses a client that reads protobuf alone, also with a transform", () => {
    expect(negotiate("application/vnd.kubernetes.protobuf")).toBeUndefined();
    expect(negotiate(`application/vnd.kubernetes.protobuf;${table}`)).toBeUndefined();
  });

  it("gives a metadata client of client-go the JSON that it names second", () => {
    const list = "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    const accept = `application/vnd.kubernetes.protobuf;${list},application/json;${list},application/json`;
    expect(negotiate(accept)).toMatchObject({ format: "json", as: "PartialObjectMetadata", asList: true });
  });

  it("names the content type to answer with, without the parameters of the request", () => {
    expect(negotiate(`application/json;${table}`)?.contentType).toBe("application/json");
    expect(negotiate("application/yaml;charset=utf-8")?.contentType).toBe("application/yaml");
  });

  it.each([
    ["pretty=true", true],
    ["pretty=1", true],
    ["pretty=T", true],
    ["pretty=false", false],
    ["pretty=yes", false],
    ["pretty=", false],
  ])("reads ?%s as Go reads booleans", (query, pretty) => {
    expect(negotiate("application/json", new URLSearchParams(query))?.pretty).toBe(pretty);
  });

  it("indents for curl, Wget and browsers, unless the query says no", () => {
    for (const userAgent of ["curl/8.5.0", "Wget/1.21", "Mozilla/5.0 (X11)"]) {
      expect(described("*/*", new URLSearchParams(), userAgent)).toBe("json object pretty");
    }
    expect(described("*/*", new URLSearchParams("pretty=0"), "curl/8.5.0")).toBe("json object");
    expect(described("*/*", new URLSearchParams(), "kubectl/v1.36.3")).toBe("json object");
  });

  it("reads no more clauses than clients send", () => {
    expect(parseAccept("*/*,".repeat(5000))).toHaveLength(64);
  });
});

describe("metadataMismatch", () => {
  it("is what kube-apiserver says to metadata of the wrong shape", () => {
    const one = negotiate("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    const list = negotiate("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    if (one === undefined || list === undefined) throw new Error("not acceptable");
    expect(metadataMismatch(one, "ConfigMap", false)).toBeUndefined();
    expect(metadataMismatch(list, "ConfigMapList", true)).toBeUndefined();
    expect(metadataMismatch(one, "ConfigMapList", true)).toBe(
      "you requested PartialObjectMetadata, but the requested object is a list (ConfigMapList)",
    );
    expect(metadataMismatch(list, "ConfigMap", false)).toBe(
      "you requested PartialObjectMetadataList, but the requested object is not a list (ConfigMap)",
    );
  });

  it("does not concern objects and tables", () => {
    for (const accept of ["application/json", `application/json;${table}`]) {
      const output = negotiate(accept);
      expect(output !== undefined && metadataMismatch(output, "ConfigMapList", true)).toBeUndefined();
    }
  });
});

describe("negotiateFormat", () => {
  it("passes over every transform", () => {
    expect(negotiateFormat(`application/json;${table}, application/yaml`)?.format).toBe("yaml");
    expect(negotiateFormat(`application/json;${table}`)).toBeUndefined();
  });
});

describe("negotiateDiscovery", () => {
  const v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

  it("repeats group, version and kind in the content type, by which client-go tells the documents apart", () => {
    expect(negotiateDiscovery(`${v2},application/json`)).toMatchObject({ aggregated: true, contentType: v2 });
  });

  it.each([
    "application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io",
    `${v2};profile=nopeer`,
    `application/json, ${v2}`,
    "*/*;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  ])("serves v2 to %s", (accept) => {
    expect(negotiateDiscovery(accept)).toMatchObject({ aggregated: true, contentType: v2 });
  });

  it("serves v2 as YAML to a client that wants it", () => {
    expect(negotiateDiscovery(v2.replace("json", "yaml"))).toMatchObject({
      format: "yaml",
      contentType: v2.replace("json", "yaml"),
    });
  });

  it("falls back to the older documents for kubectl 1.26 to 1.29, which ask for v2beta1 first", () => {
    expect(negotiateDiscovery(`${v2.replace("v=v2", "v=v2beta1")},application/json`)).toMatchObject({
      aggregated: false,
      contentType: "application/json",
    });
  });

  it("refuses v2beta1 and foreign types alone", () => {
    expect(negotiateDiscovery(v2.replace("v=v2", "v=v2beta1"))).toBeUndefined();
    expect(negotiateDiscovery("text/html")).toBeUndefined();
  });
});
