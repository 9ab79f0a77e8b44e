import { expect, it } from "vitest";
import { fuzzTls } from "../../test/tls/fuzz.ts";

it("neither throws nor trusts, whatever bytes come", () => {
  expect(fuzzTls(3_000).findings).toEqual([]);
});
