import { describe, expect, it } from "vitest";
import { registry } from "../../../../schema/resources/registry.ts";
import { aggregatedDiscovery, discoveryTag, legacyDiscovery, verbsOf } from "./discovery.ts";
import type { DiscoveredType } from "./discovery.ts";
import { compareVersions } from "../../../../schema/custom/version-order.ts";

function type(
  group: string,
  version: string,
  plural: string,
  more: Partial<DiscoveredType> = {},
): DiscoveredType {
  return {
    group,
    version,
    plural,
    kind: plural.toUpperCase(),
    singular: plural.slice(0, -1),
    scope: "Cluster",
    ...more,
  };
}

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const widgets = type("demo.example.com", "v1", "widgets", {
  kind: "Widget",
  scope: "Namespaced",
  shortNames: ["wd"],
  categories: ["all"],
  statusSubresource: true,
});
const namespaces = type("", "v1", "namespaces", {
  kind: "Namespace",
  shortNames: ["ns"],
});
const reviews = type("authorization.k8s.io", "v1", "selfsubjectaccessreviews", { verbs: ["create"] });
const types = [widgets, namespaces];
const server = "drover.example:8443";

describe("legacyDiscovery", () => {
  // Documents of kube-apiserver 1.36.3 for the same types, without its storageVersionHash.
  it("gives /api the versions of the core group and the address of the server", () => {
    expect(JSON.stringify(legacyDiscovery(types, "/api", server))).toBe(
      '{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"drover.example:8443"}]}',
    );
  });

  it("gives /api/v1 the core types", () => {
    expect(JSON.stringify(legacyDiscovery(types, "/api/v1", server))).toBe(
      '{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"namespaces","singularName":"namespace","namespaced":false,"kind":"Namespace","verbs":["create","delete","get","list","patch","update","watch"],"shortNames":["ns"]}]}',
    );
  });

  const group =
    '"name":"demo.example.com","versions":[{"groupVersion":"demo.example.com/v1","version":"v1"}],"preferredVersion":{"groupVersion":"demo.example.com/v1","version":"v1"}}';

  it("gives /apis the groups with names, and each of them its own document", () => {
    expect(JSON.stringify(legacyDiscovery(types, "/apis", server))).toBe(
      `{"kind":"APIGroupList","apiVersion":"v1","groups":[{${group}]}`,
    );
    expect(JSON.stringify(legacyDiscovery(types, "/apis/demo.example.com", server))).toBe(
      `{"kind":"APIGroup","apiVersion":"v1",${group}`,
    );
  });

  it("gives a group's version its types and their status subresources", () => {
    expect(legacyDiscovery(types, "/apis/demo.example.com/v1", server)).toEqual({
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: "demo.example.com/v1",
      resources: [
        {
          name: "widgets",
          singularName: "widget",
          namespaced: true,
          kind: "Widget",
          verbs,
          shortNames: ["wd"],
          categories: ["all"],
        },
        {
          name: "widgets/status",
          singularName: "",
          namespaced: true,
          kind: "Widget",
          verbs: ["get", "patch", "update"],
        },
      ],
    });
  });

  it.each([
    "/",
    "/api/v2",
    "/api/v1/x",
    "/apis/",
    "/apis/nope",
    "/apis/nope/v1",
    "/apis/demo.example.com/v2",
    "/apis/demo.example.com/v1/widgets",
    "/version",
  ])("has no document for %s", (path) => {
    expect(legacyDiscovery(types, path, server)).toBeUndefined();
  });
});

describe("aggregatedDiscovery", () => {
  it("has everything about the groups with names under /apis", () => {
    expect(JSON.stringify(aggregatedDiscovery(types, "/apis"))).toBe(
      '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[{"metadata":{"name":"demo.example.com"},"versions":[{"version":"v1","resources":[{"resource":"widgets","responseKind":{"group":"demo.example.com","version":"v1","kind":"Widget"},"scope":"Namespaced","singularResource":"widget","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["wd"],"categories":["all"],"subresources":[{"subresource":"status","responseKind":{"group":"demo.example.com","version":"v1","kind":"Widget"},"verbs":["get","patch","update"]}]}],"freshness":"Current"}]}]}',
    );
  });

  it("has the core group, without a name, under /api", () => {
    expect(aggregatedDiscovery(types, "/api")).toMatchObject({
      items: [{ metadata: {}, versions: [{ version: "v1", resources: [{ resource: "namespaces" }] }] }],
    });
    expect(aggregatedDiscovery(types, "/api")).not.toMatchObject({ items: [{ metadata: { name: "" } }] });
  });
});

describe("the order of discovery", () => {
  const many = [
    type("z.example.com", "v1alpha1", "bs"),
    type("z.example.com", "v1", "cs"),
    type("z.example.com", "v1", "as"),
    type("z.example.com", "v2beta1", "ds"),
    type("a.example.com", "v1", "as"),
    type("coordination.k8s.io", "v1", "leases"),
    type("rbac.authorization.k8s.io", "v1", "roles"),
    type("", "v1", "secrets"),
  ];

  function groups(
    document: unknown,
  ): { name: string; versions: { version: string }[]; preferredVersion: object }[] {
    return (
      document as { groups: { name: string; versions: { version: string }[]; preferredVersion: object }[] }
    ).groups;
  }

  it("is Kubernetes' own groups by its priority, then the others by name", () => {
    expect(groups(legacyDiscovery(many, "/apis", server)).map(({ name }) => name)).toEqual([
      "rbac.authorization.k8s.io",
      "coordination.k8s.io",
      "a.example.com",
      "z.example.com",
    ]);
  });

  it("puts the preferred version of a group first", () => {
    const [, , , last] = groups(legacyDiscovery(many, "/apis", server));
    expect(last?.versions.map(({ version }) => version)).toEqual(["v1", "v2beta1", "v1alpha1"]);
    expect(last?.preferredVersion).toEqual({ groupVersion: "z.example.com/v1", version: "v1" });
  });

  it("is by name within a version, whatever the order of the declarations", () => {
    expect(legacyDiscovery(many, "/apis/z.example.com/v1", server)).toMatchObject({
      resources: [{ name: "as" }, { name: "cs" }],
    });
    expect(aggregatedDiscovery(many.toReversed(), "/apis")).toEqual(aggregatedDiscovery(many, "/apis"));
  });

  it("of versions is by stability, then by number, names of other kinds last", () => {
    const sorted = [
      "v10",
      "v2",
      "v1",
      "v11beta2",
      "v10beta3",
      "v3beta1",
      "v12alpha1",
      "v11alpha2",
      "bar",
      "foo",
    ];
    expect(sorted.toReversed().toSorted(compareVersions)).toEqual(sorted);
    expect(compareVersions("v1", "v1")).toBe(0);
    expect(compareVersions("foo", "foo")).toBe(0);
  });
});

describe("verbsOf", () => {
  it("is everything, but for what a declaration says and for deleting all Namespaces", () => {
    expect(verbsOf(widgets)).toEqual(verbs);
    expect(verbsOf(reviews)).toEqual(["create"]);
    expect(verbsOf(namespaces)).toEqual(verbs.filter((verb) => verb !== "deletecollection"));
    expect(verbsOf({ group: "other", plural: "namespaces" })).toEqual(verbs);
  });
});

describe("discovery of what is declared", () => {
  it("says the same of every type in both forms", () => {
    for (const definition of registry.all()) {
      const { group, version, plural, kind } = definition;
      const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
      expect(legacyDiscovery(registry.all(), path, server)).toMatchObject({
        resources: expect.arrayContaining([
          expect.objectContaining({ name: plural, kind, verbs: verbsOf(definition) }),
        ]) as unknown,
      });
      const aggregated = JSON.stringify(aggregatedDiscovery(registry.all(), group === "" ? "/api" : "/apis"));
      expect(aggregated).toContain(
        `"resource":"${plural}","responseKind":{"group":"${group}","version":"${version}"`,
      );
    }
  });
});

describe("discoveryTag", () => {
  it("is one quoted word that changes with the document", async () => {
    const tag = await discoveryTag(aggregatedDiscovery(types, "/apis"));
    expect(tag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(await discoveryTag(aggregatedDiscovery(types, "/apis"))).toBe(tag);
    expect(await discoveryTag(aggregatedDiscovery([namespaces], "/apis"))).not.toBe(tag);
  });
});
