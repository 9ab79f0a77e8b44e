import { describe, expect, it } from "vitest";
import { admit } from "../admit.ts";
import { machinePlanErrors, machinePlanType } from "./machine-plan.ts";
import { secrets, toBase64 } from "./secrets.ts";

const plan = {
  files: [{ path: "/etc/a", content: "YQ==", permissions: "0600", uid: 0, dynamic: true }],
  instructions: [{ name: "install", image: "i", env: ["A=b"], args: ["x"], command: "sh", saveOutput: true }],
  periodicInstructions: [{ name: "p", periodSeconds: 600, saveStderrOutput: true, unknown: 1 }],
  probes: {
    kubelet: { timeoutSeconds: 5, httpGet: { url: "http://127.0.0.1:10248/healthz", insecure: false } },
  },
};

describe("a machine's plan", () => {
  it.each([
    ["whole", JSON.stringify(plan), true],
    ["empty", "{}", true],
    ["null, and null in it", '{"files":null,"probes":{"a":null},"instructions":[null]}', true],
    ["null alone", "null", true],
    ["no JSON", "{", false],
    ["a list", "[]", false],
    ["a file that is a text", '{"files":["a"]}', false],
    ["a text for a number", '{"files":[{"uid":"0"}]}', false],
    ["half a number", '{"probes":{"a":{"timeoutSeconds":0.5}}}', false],
    ["a text for a flag", '{"instructions":[{"saveOutput":"true"}]}', false],
  ])("%s: %#", (_what, text, valid) => {
    expect(machinePlanErrors(text).length === 0).toBe(valid);
  });

  it("is judged in Secrets of its type alone, and not shown in errors", async () => {
    const secret = { type: machinePlanType, data: { plan: toBase64('{"files":"hunter2"}') } };
    const { errors, problems } = await admit(secrets, secret);
    expect(problems).toEqual(["FieldValueInvalid data[plan]"]);
    expect(JSON.stringify(errors)).not.toContain("hunter2");
    expect((await admit(secrets, { ...secret, type: "Opaque" })).problems).toEqual([]);
    expect((await admit(secrets, { type: machinePlanType, data: {} })).problems).toEqual([]);
    expect(
      (await admit(secrets, { type: machinePlanType, data: { plan: toBase64(JSON.stringify(plan)) } }))
        .problems,
    ).toEqual([]);
  });
});

describe("a cloud credential", () => {
  const creator = "field.cattle.io/creatorId";
  const type = "provisioning.cattle.io/cloud-credential";
  const actor = { name: "u-abcde", rules: [] };

  it("says who made it, for good; other Secrets do not", async () => {
    const { object: old } = await admit(secrets, { type, data: {} }, { actor });
    expect(old.metadata.annotations).toEqual({ [creator]: "u-abcde" });
    const other = { type, data: {}, metadata: { annotations: { [creator]: "u-other" } } };
    expect((await admit(secrets, other, { old, actor })).problems).toHaveLength(1);
    const opaque = await admit(secrets, { type: "Opaque", data: {} }, { actor });
    expect(opaque.object.metadata.annotations).toBeUndefined();
  });
});
