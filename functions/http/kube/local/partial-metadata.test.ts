import { describe, expect, it } from "vitest";
import { partialMetadataList, partialMetadataOf, partialMetadataText } from "./partial-metadata.ts";

const object = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: "s",
    labels: { 'odd "key" }': "a \\ { b", plain: "}" },
    annotations: { nested: '{"metadata":{"name":"other"}}' },
    ownerReferences: [{ apiVersion: "v1", kind: "K", name: "n", uid: "u", controller: true }],
  },
  data: { token: "aHVudGVyMg==" },
};

const partial = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };

describe("PartialObjectMetadata", () => {
  it("of an object is its metadata alone", () => {
    expect(partialMetadataOf(object)).toEqual(partial);
  });

  it("of a text is the same, whatever braces and quotes the metadata holds", () => {
    expect(partialMetadataText(JSON.stringify(object))).toBe(JSON.stringify(partial));
    expect(partialMetadataText(JSON.stringify(object), "meta.k8s.io/v1beta1")).toContain(
      '"meta.k8s.io/v1beta1"',
    );
  });

  it("of a text passes the metadata on as it is written, numbers and escapes included", () => {
    const metadata = '{ "name":"a", "generation":1.0, "labels":{"x":"\\u0041"} }';
    const text = `{"apiVersion":"v1","kind":"Secret","metadata":${metadata},"data":{}}`;
    expect(partialMetadataText(text)).toBe(
      `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${metadata}}`,
    );
  });

  it("of a text in another order is found all the same", () => {
    const { metadata, ...others } = object;
    expect(partialMetadataText(JSON.stringify({ ...others, metadata }))).toBe(JSON.stringify(partial));
    expect(partialMetadataText(JSON.stringify(object, undefined, 1))).toBe(JSON.stringify(partial));
  });

  it("of a list carries the list's metadata, and is an empty list where there is nothing", () => {
    expect(partialMetadataList([object], { resourceVersion: "5", continue: "c" })).toEqual({
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata: { resourceVersion: "5", continue: "c" },
      items: [partial],
    });
    expect(partialMetadataList([], { resourceVersion: "5" })).toMatchObject({ items: [] });
    expect(partialMetadataList([object], {}, "meta.k8s.io/v1beta1")).toMatchObject({
      apiVersion: "meta.k8s.io/v1beta1",
      items: [{ apiVersion: "meta.k8s.io/v1beta1" }],
    });
  });
});
