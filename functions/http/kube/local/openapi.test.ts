import { describe, expect, it } from "vitest";
import { apiVersionOf } from "../../../../schema/resource.ts";
import { registry } from "../../../../schema/resources/registry.ts";
import { verbsOf } from "./discovery.ts";
import { groupVersionPath, openApiDocument } from "./openapi.ts";
import type { PathItem } from "./openapi.ts";

const resources = registry.all();
const actions: Readonly<Record<string, string>> = { post: "create", put: "update" };

/** Verbs of the operations under the paths of one type, its subresources apart. */
function described(paths: Readonly<Record<string, PathItem>>, collection: RegExp): Set<string> {
  const verbs = Object.entries(paths)
    .filter(([path]) => collection.test(path))
    .flatMap(([, item]) =>
      Object.values(item).flatMap((operation) =>
        "x-kubernetes-action" in operation ? [operation["x-kubernetes-action"]] : [],
      ),
    );
  return new Set(verbs.map((verb) => actions[verb] ?? verb));
}

describe("the OpenAPI documents", () => {
  it.each(resources.map((type) => [`${apiVersionOf(type)} ${type.plural}`, type] as const))(
    "describe of %s what it can do, and nothing else",
    (_name, type) => {
      const { paths } = openApiDocument(resources, groupVersionPath(type), "1") as {
        paths: Record<string, PathItem>;
      };
      const collection = new RegExp(`/(?:namespaces/\\{namespace\\}/)?${type.plural}(?:/\\{name\\})?$`);
      const verbs = verbsOf(type).filter((verb) => verb !== "watch");
      expect([...described(paths, collection)].toSorted()).toEqual(verbs.toSorted());
      const scaled = Object.keys(paths).some((path) => path.endsWith(`/${type.plural}/{name}/scale`));
      expect(scaled).toBe(type.scaleSubresource !== undefined);
    },
  );

  it("say which answers there are besides 200", () => {
    const { paths } = openApiDocument(resources, "api/v1", "1") as { paths: Record<string, PathItem> };
    const codes = (item: PathItem | undefined): object =>
      Object.fromEntries(
        Object.entries(item ?? {}).flatMap(([method, operation]) =>
          "responses" in operation ? [[method, Object.keys(operation.responses)]] : [],
        ),
      );
    const maps = "/api/v1/namespaces/{namespace}/configmaps";
    expect(codes(paths[maps])).toEqual({
      get: ["200", "401"],
      post: ["200", "201", "202", "401"],
      delete: ["200", "401"],
    });
    expect(codes(paths[`${maps}/{name}`])).toEqual({
      get: ["200", "401"],
      put: ["200", "201", "401"],
      patch: ["200", "201", "401"],
      delete: ["200", "202", "401"],
    });
  });
});
