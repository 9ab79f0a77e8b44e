import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../schema/object.ts";
import { configMaps } from "../../../../schema/resources/core/config-maps.ts";
import { formMember } from "../../../../schema/store/stored-form.ts";
import type { Call } from "./call.ts";
import { shapeEvents } from "./watch-transform.ts";

const lines = (...objects: object[]): ReadableStream<Uint8Array> =>
  new Blob(objects.map((each) => `${JSON.stringify(each)}\n`)).stream();

async function shaped(definition: object, ...events: object[]): Promise<unknown[]> {
  // What shaping plain objects asks of a call.
  const call = { definition, output: { as: "object" }, query: new URLSearchParams() } as unknown as Call;
  const text = await new Response(shapeEvents(call, lines(...events))).text();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

describe("a watch of a type that has migrations", () => {
  const migrated = {
    ...configMaps,
    migrations: [(object: KubeObject) => ({ ...object, data: { migrated: "yes" } })],
  };
  const metadata = { name: "one", namespace: "default", resourceVersion: "5" };
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata };

  it("shows objects of both forms in the current one, without the mark", async () => {
    const [older, newer, bookmark] = await shaped(
      migrated,
      { type: "ADDED", object },
      { type: "MODIFIED", object: { ...object, data: { a: "b" }, [formMember]: 2 } },
      { type: "BOOKMARK", object: { ...object, metadata: { resourceVersion: "7" } } },
    );
    expect(older).toEqual({ type: "ADDED", object: { ...object, data: { migrated: "yes" } } });
    expect(newer).toEqual({ type: "MODIFIED", object: { ...object, data: { a: "b" } } });
    expect(bookmark).toEqual({ type: "BOOKMARK", object: { ...object, metadata: { resourceVersion: "7" } } });
  });

  it("leaves the lines of others as they are", () => {
    const stream = lines({ type: "ADDED", object });
    const call = { definition: configMaps, output: { as: "object" } } as unknown as Call;
    expect(shapeEvents(call, stream)).toBe(stream);
  });
});
