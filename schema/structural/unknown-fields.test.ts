/** As a kube-apiserver 1.36.3 said of the same objects in strict validation. */
import { expect, it } from "vitest";
import { trimEmbedded } from "./embedded.ts";
import type { JsonSchema } from "./types.ts";
import { unknownFields } from "./unknown-fields.ts";

const schema = {
  type: "object",
  properties: {
    emb: {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { spec: { type: "object", properties: { a: { type: "string" } } } },
    },
    open: {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      "x-kubernetes-preserve-unknown-fields": true,
    },
  },
} as const satisfies JsonSchema;
const resource = (metadata: object, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata,
  ...more,
});

it("knows what every resource has, inside of another one too, and what metadata has not", () => {
  const fine = { emb: resource({ name: "x", labels: { a: "b" } }, { spec: { a: "1" } }) };
  expect(unknownFields(schema, fine)).toEqual([]);
  const odd = {
    emb: resource({ zz: 1 }, { spec: { q: 1 }, other: 1 }),
    open: resource({ name: "o", zz: 1 }, { x: 1 }),
  };
  expect(unknownFields(schema, odd).toSorted()).toEqual([
    "emb.metadata.zz",
    "emb.other",
    "emb.spec.q",
    "open.metadata.zz",
  ]);
  trimEmbedded(schema, odd);
  expect(odd).toMatchObject({ emb: { metadata: {} }, open: { metadata: { name: "o" }, x: 1 } });
  expect(JSON.stringify(odd)).not.toContain("zz");
});
