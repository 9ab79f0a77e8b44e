import { describe, expect, it } from "vitest";
import { encodeObject } from "../../store/encoding.ts";
import { admit } from "../admit.ts";
import { registry } from "../registry.ts";
import { amazonec2Configs, amazonec2MachineTemplates, amazonec2Machines } from "./amazonec2.ts";

const drivers = ["Amazonec2", "Azure", "Digitalocean", "Google", "Harvester", "Linode", "Vmwarevsphere"];
const creator = "field.cattle.io/creatorId";
const actor = { name: "u-abcde", rules: [] };

describe("a machine driver", () => {
  it.each(drivers)("%s has its three types, with fields of one table", (name) => {
    const lower = name.toLowerCase();
    const configs = registry.byTypeKey(`${lower}configs.rke-machine-config.cattle.io`);
    const machines = registry.byTypeKey(`${lower}machines.rke-machine.cattle.io`);
    const templates = registry.byTypeKey(`${lower}machinetemplates.rke-machine.cattle.io`);
    expect([configs?.kind, machines?.kind, templates?.kind]).toEqual([
      `${name}Config`,
      `${name}Machine`,
      `${name}MachineTemplate`,
    ]);
    const fields = Object.keys(configs?.schema().properties ?? {});
    expect(fields.length).toBeGreaterThan(10);
    const spec = machines?.schema().properties?.["spec"];
    expect(Object.keys(spec?.properties ?? {})).toEqual([...fields, "common", "providerID"]);
    expect(templates?.schema().properties?.["spec"]?.properties?.["template"]?.properties?.["spec"]).toEqual(
      spec,
    );
    for (const pointer of configs?.sensitive ?? []) expect(fields).toContain(pointer.slice(1));
  });

  it("fills in a configuration's defaults, and no machine's", async () => {
    const { object } = await admit(amazonec2Configs, { region: "eu-west-1", openPort: null });
    expect(object).toMatchObject({
      region: "eu-west-1",
      instanceType: "t2.micro",
      rootSize: "16",
      securityGroup: ["rancher-nodes"],
      openPort: null,
    });
    const spec = { region: "eu-west-1", common: { cloudCredentialSecretName: "cattle-global-data:cc-a" } };
    expect((await admit(amazonec2Machines, { spec })).object).toMatchObject({ spec });
    const template = { clusterName: "one", template: { spec } };
    expect((await admit(amazonec2MachineTemplates, { spec: template })).object).toMatchObject({
      spec: template,
    });
  });

  it("seals secrets wherever they stand", async () => {
    const secret = "not-to-be-read";
    const bodies = await Promise.all([
      admit(amazonec2Configs, { secretKey: secret }).then(({ object }) =>
        encodeObject(amazonec2Configs, object),
      ),
      admit(amazonec2Machines, { spec: { secretKey: secret } }).then(({ object }) =>
        encodeObject(amazonec2Machines, object),
      ),
    ]);
    for (const { body, secret: sealed } of bodies) {
      expect(body).not.toContain(secret);
      expect(sealed).toContain(secret);
    }
  });

  it("has configurations that say who made them, for good", async () => {
    const { object: old } = await admit(amazonec2Configs, {}, { actor });
    expect(old.metadata.annotations).toEqual({ [creator]: "u-abcde" });
    const other = { metadata: { annotations: { [creator]: "u-other" } } };
    expect((await admit(amazonec2Configs, other, { old, actor })).problems).toHaveLength(1);
    expect((await admit(amazonec2Configs, {}, { old, actor })).problems).toEqual([]);
    const nobody = { metadata: { annotations: { "field.cattle.io/no-creator-rbac": "true" } } };
    const made = await admit(amazonec2Configs, nobody, { actor });
    expect(made.object.metadata.annotations).toEqual(nobody.metadata.annotations);
  });
});
