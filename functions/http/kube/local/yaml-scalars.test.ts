import { describe, expect, it } from "vitest";
import { vectors } from "../../../../test/vectors/vectors.ts";
import { readObject } from "./request-body.ts";

const recorded = vectors("yaml") as readonly { readonly scalar: string; readonly value?: unknown }[];

function read(scalar: string): Promise<unknown> {
  const request = new Request("https://drover/", {
    method: "POST",
    body: `a: ${scalar}`,
    headers: { "content-type": "application/yaml" },
  });
  return readObject(request).then(({ value }) => value["a"]);
}

describe("a plain scalar in a YAML body", () => {
  it.each(recorded.filter(({ value }) => value !== undefined))(
    "$scalar is what Go's YAML makes of it",
    async ({ scalar, value }) => {
      expect(await read(scalar)).toEqual(value);
    },
  );

  it.each(recorded.filter(({ value }) => value === undefined))(
    "$scalar is refused, as in Go",
    async ({ scalar }) => {
      await expect(read(scalar)).rejects.toThrow("not valid YAML");
    },
  );
});
