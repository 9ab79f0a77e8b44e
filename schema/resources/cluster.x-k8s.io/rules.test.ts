import { describe, expect, it } from "vitest";
import { admit } from "../admit.ts";
import { capiClusters } from "./clusters.ts";
import { machineDrainRules } from "./machine-drain-rules.ts";
import { machineHealthChecks } from "./machine-health-checks.ts";

const checks = (type: string) => ({
  unhealthyMachineConditions: [{ type, status: "False", timeoutSeconds: 5 }],
});

describe("a health check", () => {
  it.each(["Ready", "Available", "HealthCheckSucceeded", "OwnerRemediated", "ExternallyRemediated"])(
    "does not go by %s, which it decides itself",
    async (type) => {
      const { problems } = await admit(machineHealthChecks, {
        spec: { clusterName: "one", selector: {}, checks: checks(type) },
      });
      expect(problems).toEqual(["FieldValueInvalid spec.checks.unhealthyMachineConditions[0].type"]);
    },
  );

  it("may go by others, in a topology too", async () => {
    const spec = { clusterName: "one", selector: {}, checks: checks("Odd") };
    expect((await admit(machineHealthChecks, { spec })).problems).toEqual([]);
    const topology = (type: string) => ({
      classRef: { name: "c" },
      version: "v1",
      controlPlane: { healthCheck: { checks: checks(type) } },
      workers: { machineDeployments: [{ class: "c", name: "md", healthCheck: { checks: checks(type) } }] },
    });
    expect((await admit(capiClusters, { spec: { topology: topology("Odd") } })).problems).toEqual([]);
    expect((await admit(capiClusters, { spec: { topology: topology("Ready") } })).problems).toEqual([
      "FieldValueInvalid spec.topology.controlPlane.healthCheck.checks.unhealthyMachineConditions[0].type",
      "FieldValueInvalid spec.topology.workers.machineDeployments[0].healthCheck.checks.unhealthyMachineConditions[0].type",
    ]);
  });
});

describe("a drain rule", () => {
  it("chooses each kind of Pod once", async () => {
    const pod = { selector: { matchLabels: { a: "b" } } };
    const rule = (pods: object[]) =>
      admit(machineDrainRules, { spec: { drain: { behavior: "Skip" }, pods } });
    expect((await rule([pod, { ...pod, namespaceSelector: {} }])).problems).toEqual([]);
    expect((await rule([pod, pod])).problems).toEqual(["FieldValueDuplicate spec.pods[1]"]);
    expect((await rule([{}])).problems).toEqual(["FieldValueInvalid spec.pods[0]"]);
  });
});
