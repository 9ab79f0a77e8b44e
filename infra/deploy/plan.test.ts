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
      { kind: "deploy-durable", withApiBinding: true },
      { kind: "put-secret", name: "DROVER_BOOTSTRAP_PASSWORD" },
      { kind: "put-secret", name: "DROVER_KEYS" },
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

  it("finishes a first deployment wherever it broke off", () => {
    const full = planDeploy(nothing, { durable: false });
    let existing: Parameters<typeof planDeploy>[0] = nothing;
    for (const done of full) {
      if (done.kind === "create-hyperdrive") existing = { ...existing, hyperdriveId: "h" };
      if (done.kind === "deploy-durable") existing = { ...existing, durable: true };
      if (done.kind === "deploy-api") existing = { ...existing, api: true };
      if (done.kind === "put-secret") existing = { ...existing, secrets: [...existing.secrets, done.name] };
      const rest = planDeploy(existing, { durable: false });
      const complete = existing.secrets.includes("DROVER_KEYS");
      expect([done.kind, rest.at(-1)]).toEqual([
        done.kind,
        complete ? { kind: "deploy-api" } : { kind: "put-secret", name: "DROVER_KEYS" },
      ]);
      if (!complete) expect(rest).toContainEqual({ kind: "deploy-durable", withApiBinding: true });
    }
  });
});
