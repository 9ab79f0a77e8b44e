import { describe, expect, it } from "vitest";
import { planDeploy } from "./plan.ts";

const nothing = { durable: false, api: false, secrets: [] };
const everything = { durable: true, api: true, hyperdriveId: "h", secrets: ["DROVER_KEYS"] };

describe("planDeploy", () => {
  it("breaks the mutual binding of a first deployment by deploying the objects twice", () => {
    expect(planDeploy(nothing, { durable: false })).toEqual([
      { kind: "migrate" },
      { kind: "create-hyperdrive" },
      { kind: "deploy-durable", withApiBinding: false },
      { kind: "deploy-api" },
      { kind: "put-secret", name: "DROVER_BOOTSTRAP_PASSWORD" },
      { kind: "put-secret", name: "DROVER_KEYS" },
      { kind: "deploy-durable", withApiBinding: true },
    ]);
  });

  it("leaves the objects and the key material alone on a later deployment", () => {
    expect(planDeploy(everything, { durable: false })).toEqual([{ kind: "migrate" }, { kind: "deploy-api" }]);
  });

  it("deploys the objects again when asked to", () => {
    expect(planDeploy(everything, { durable: true }).at(-1)).toEqual({
      kind: "deploy-durable",
      withApiBinding: true,
    });
  });

  it("finishes a first deployment that broke off after the objects", () => {
    const kinds = planDeploy({ ...nothing, durable: true }, { durable: false }).map((step) => step.kind);
    expect(kinds).toEqual([
      "migrate",
      "create-hyperdrive",
      "deploy-api",
      "put-secret",
      "put-secret",
      "deploy-durable",
    ]);
  });
});
