import { describe, expect, it } from "vitest";
import { bootstrapSecrets } from "./bootstrap-password.ts";

describe("the first password of a deployment", () => {
  it.each([undefined, ""])("must be changed when it was generated (given: %s)", (given) => {
    expect(bootstrapSecrets(given, () => "made")).toEqual({
      DROVER_BOOTSTRAP_PASSWORD: "made",
      DROVER_BOOTSTRAP_MUST_CHANGE: "1",
    });
  });

  it("stays when the operator chose it", () => {
    expect(bootstrapSecrets("chosen", () => "made")).toEqual({
      DROVER_BOOTSTRAP_PASSWORD: "chosen",
      DROVER_BOOTSTRAP_MUST_CHANGE: "0",
    });
  });
});
