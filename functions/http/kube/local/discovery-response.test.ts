import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { registry } from "../../../../schema/resources/registry.ts";
import { discoveryResponse } from "./discovery-response.ts";

const v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

function ask(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): ReturnType<typeof discoveryResponse> {
  return discoveryResponse(registry.all(), {
    request: new Request(`https://drover.example${path}`, { method, headers }),
    path,
    query: new URLSearchParams(),
    serverAddress: "drover.example:443",
  });
}

async function answer(...parameters: Parameters<typeof ask>): Promise<Response> {
  const response = await ask(...parameters);
  if (typeof response === "string") throw new Error(response);
  return response;
}

describe("discoveryResponse", () => {
  it("gives client-go's Accept header the aggregated document under its own content type", async () => {
    const response = await answer("/apis", {
      accept: `${v2},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(v2);
    expect(response.headers.get("vary")).toBe("Accept");
    expect(await response.json()).toMatchObject({ kind: "APIGroupDiscoveryList" });
  });

  it("answers 304 without a body to a client that has the document, also under a weak tag", async () => {
    const tag = (await answer("/api", { accept: v2 })).headers.get("etag") ?? "";
    for (const given of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const response = await answer("/api", { accept: v2, "if-none-match": given });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(tag);
      expect(await response.text()).toBe("");
    }
    expect((await answer("/apis", { accept: v2, "if-none-match": tag })).status).toBe(200);
  });

  it("gives everyone else the older documents", async () => {
    const response = await answer("/apis", { accept: "application/json" });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ kind: "APIGroupList" });
    expect(await (await answer("/api")).json()).toMatchObject({
      kind: "APIVersions",
      serverAddressByClientCIDRs: [{ serverAddress: "drover.example:443" }],
    });
  });

  it("tells clients that migrate objects what a type is stored as, in kube-apiserver's hashes", async () => {
    const hashes = async (path: string): Promise<unknown> => {
      const response = await answer(path);
      const { resources } = await response.json<{
        resources: { name: string; storageVersionHash?: string }[];
      }>();
      return Object.fromEntries(resources.map(({ name, storageVersionHash }) => [name, storageVersionHash]));
    };
    expect(await hashes("/api/v1")).toMatchObject({
      configmaps: "qFsyl6wFWjQ=",
      events: "r2yiGXH7wu8=",
      namespaces: "Q3oi5N2YM8M=",
      "namespaces/status": undefined,
    });
    expect(await hashes("/apis/events.k8s.io/v1")).toEqual({ events: "r2yiGXH7wu8=" });
    expect(await hashes("/apis/authorization.k8s.io/v1")).toMatchObject({ subjectaccessreviews: undefined });
  });

  it("speaks YAML, and indents for people", async () => {
    const yaml = await answer("/api/v1", { accept: "application/yaml" });
    expect(yaml.headers.get("content-type")).toBe("application/yaml");
    expect(parse(await yaml.text())).toMatchObject({ kind: "APIResourceList" });
    expect(await (await answer("/api/v1", { "user-agent": "curl/8" })).text()).toMatch(/^\{\n {2}"kind"/);
  });

  it("has no body for HEAD", async () => {
    const response = await answer("/apis", {}, "HEAD");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  it("tells what is not there from what is not acceptable", async () => {
    expect(await ask("/apis/nope")).toBe("NotFound");
    expect(await ask("/apis/nope", { accept: "text/html" })).toBe("NotFound");
    expect(await ask("/apis", { accept: "text/html" })).toBe("NotAcceptable");
    expect(await ask("/api/v1", { accept: v2 })).toBe("NotAcceptable");
  });
});
