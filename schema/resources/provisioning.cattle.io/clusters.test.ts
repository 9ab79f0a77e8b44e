/** What Rancher's webhook sees to for provisioning Clusters, rule by rule (its docs.md). */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../object.ts";
import { admit } from "../admit.ts";
import type { AdmitOptions } from "../admit.ts";
import { provisioningClusters } from "./clusters.ts";
import type { ProvisioningCluster } from "./clusters.ts";

type Spec = NonNullable<ProvisioningCluster["spec"]>;
type Options = AdmitOptions<ProvisioningCluster>;

const version = "v1.34.1+rke2r1";
const everything = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
const user = { name: "u-abcde", rules: everything };
const create = async (spec: Spec, options: Options = {}, metadata: object = {}) =>
  admit(provisioningClusters, { metadata, spec }, { actor: user, ...options });
const problems = async (...args: Parameters<typeof create>) => (await create(...args)).problems;
/** The problems of changing `before` into `after`. */
const change = async (before: Spec, after: Spec, options: Options = {}, metadata: object = {}) =>
  problems(after, { old: await stored(before, metadata), ...options }, metadata);
const stored = async (spec: Spec, metadata: object = {}): Promise<ProvisioningCluster> =>
  (await create(spec, {}, metadata)).object;
const rke = (rkeConfig: NonNullable<Spec["rkeConfig"]>, more: Spec = {}): Spec => ({
  kubernetesVersion: version,
  rkeConfig,
  ...more,
});
const kube = (apiVersion: string, kind: string, namespace: string, name: string, content: object = {}) =>
  ({
    apiVersion,
    kind,
    metadata: { name, ...(namespace !== "" && { namespace }) },
    ...content,
  }) as KubeObject;
const secret = (namespace: string, name: string) => kube("v1", "Secret", namespace, name);

describe("the name of a provisioning Cluster", () => {
  it.each([
    ["ab", []],
    ["a1-b", []],
    ["1a", []],
    ["a".repeat(63), []],
    ["a", ["FieldValueInvalid metadata.name"]],
    ["-ab", ["FieldValueInvalid metadata.name"]],
    ["aB", ["FieldValueInvalid metadata.name"]],
    ["a.b", ["FieldValueInvalid metadata.name"]],
    ["a".repeat(64), ["FieldValueInvalid metadata.name"]],
    ["local", ["FieldValueInvalid metadata.name"]],
    ["c-abcde", ["FieldValueInvalid metadata.name"]],
  ])("%s: %j", async (name, expected) => {
    expect(await problems({}, {}, { name })).toEqual(expected);
  });

  it("is local in fleet-local, and c-xxxxx for a cluster that is there already", async () => {
    expect(await problems({}, {}, { name: "local", namespace: "fleet-local" })).toEqual([]);
    const legacy = kube("management.cattle.io/v3", "Cluster", "", "c-abcde");
    expect(await problems({}, { stored: [legacy] }, { name: "c-abcde" })).toEqual([]);
  });

  it("keeps the local cluster from being deleted, and no other", async () => {
    const gone = { operation: "DELETE" } as const;
    expect(await problems({}, gone, { name: "local" })).toEqual(["FieldValueForbidden metadata.name"]);
    expect(await problems({}, gone, { name: "other" })).toEqual([]);
  });
});

describe("the creator of a provisioning Cluster", () => {
  const creator = "field.cattle.io/creatorId";
  const none = "field.cattle.io/no-creator-rbac";

  it("is who makes it, unless nobody shall be, and cannot be made another", async () => {
    const made = await create({});
    expect(made.object.metadata.annotations).toEqual({ [creator]: "u-abcde" });
    const free = await create({}, {}, { annotations: { [none]: "true" } });
    expect(free.object.metadata.annotations).toEqual({ [none]: "true" });
    const old = made.object;
    const later = (annotations: object) => problems({}, { old }, { annotations });
    expect(await later({ [creator]: "u-abcde" })).toEqual([]);
    expect(await later({})).toEqual([]);
    expect(await later({ [creator]: "u-other" })).not.toEqual([]);
    expect(await later({ [creator]: "u-abcde", [none]: "true" })).toEqual([
      "FieldValueForbidden metadata.annotations",
    ]);
  });

  it("is not the server, which makes clusters for others", async () => {
    const actor = { name: "system:controller", rules: everything, server: true } as const;
    expect((await create({}, { actor })).object.metadata.annotations).toBeUndefined();
  });
});

describe("rkeConfig", () => {
  it("is decided at creation, but for the local cluster", async () => {
    const none = { kubernetesVersion: version };
    expect(await change(none, rke({}))).toEqual(["FieldValueForbidden spec.rkeConfig"]);
    expect(await change(rke({}), none)).toEqual(["FieldValueForbidden spec.rkeConfig"]);
    const local = { name: "local", namespace: "fleet-local" };
    expect(await change(none, rke({}), {}, local)).toEqual([]);
    expect(await change(rke({}), none, {}, local)).toEqual(["FieldValueForbidden spec.rkeConfig"]);
  });

  it("wants a version that can be read", async () => {
    expect(await problems({ rkeConfig: {}, kubernetesVersion: "1.34" })).toEqual([
      "FieldValueInvalid spec.kubernetesVersion",
    ]);
  });

  it("of an endpoint with its own CA wants the endpoint's name", async () => {
    const localClusterAuthEndpoint = { enabled: true, caCerts: "pem" };
    expect(await problems(rke({}, { localClusterAuthEndpoint }))).toEqual([
      "FieldValueRequired spec.localClusterAuthEndpoint.fqdn",
    ]);
    expect(
      await problems(rke({}, { localClusterAuthEndpoint: { ...localClusterAuthEndpoint, fqdn: "a.b" } })),
    ).toEqual([]);
  });
});

describe("machine pools", () => {
  const pool = (more: object = {}) => ({ name: "pool", machineConfigRef: { name: "m" }, ...more });
  const path = "spec.rkeConfig.machinePools[0]";

  it.each([
    [{ name: "a".repeat(63) }, []],
    [{ name: "a".repeat(64) }, [`FieldValueInvalid ${path}.name`]],
    [{ autoscalingMinSize: 1 }, [`FieldValueRequired ${path}.autoscalingMaxSize`]],
    [{ autoscalingMaxSize: 1 }, [`FieldValueRequired ${path}.autoscalingMinSize`]],
    [{ autoscalingMinSize: 2, autoscalingMaxSize: 1 }, [`FieldValueInvalid ${path}.autoscalingMinSize`]],
    [{ autoscalingMinSize: 0, autoscalingMaxSize: 1 }, []],
    [
      { autoscalingMinSize: 0, autoscalingMaxSize: 1, etcdRole: true },
      [`FieldValueInvalid ${path}.autoscalingMinSize`],
    ],
    [
      { autoscalingMinSize: 0, autoscalingMaxSize: 1, controlPlaneRole: true },
      [`FieldValueInvalid ${path}.autoscalingMinSize`],
    ],
    [{ autoscalingMinSize: null, autoscalingMaxSize: null, etcdRole: true }, []],
  ])("%j: %j", async (more, expected) => {
    expect(await problems(rke({ machinePools: [pool(more)] }))).toEqual(expected);
  });

  it("keep the schema they were made by, unless the cluster says it may go", async () => {
    const old = await stored(rke({ machinePools: [pool({ dynamicSchemaSpec: "v1" })] }));
    const after = rke({ machinePools: [pool(), { ...pool(), name: "new" }] });
    const schemas = async (metadata: object) =>
      (await create(after, { old }, metadata)).object.spec?.rkeConfig?.machinePools?.map(
        ({ dynamicSchemaSpec }) => dynamicSchemaSpec,
      );
    expect(await schemas({})).toEqual(["v1", undefined]);
    const annotations = { "provisioning.cattle.io/allow-dynamic-schema-drop": "true" };
    expect(await schemas({ annotations })).toEqual([undefined, undefined]);
  });
});

describe("environment variables of the agents", () => {
  const env = (name: string, value: string): Spec => ({ agentEnvVars: [{ name, value }] });

  it("have no blanks in NO_PROXY, unless they had them before", async () => {
    const wrong = ["FieldValueInvalid spec.agentEnvVars[0].value"];
    expect(await problems(env("NO_PROXY", "a,b"))).toEqual([]);
    expect(await problems(env("no_proxy", "a, b"))).toEqual(wrong);
    expect(await change(env("NO_PROXY", "a"), env("NO_PROXY", "a b"))).toEqual(wrong);
    const old = { ...(await stored({})), spec: env("NO_PROXY", "a b") };
    expect(await problems(env("NO_PROXY", "c d"), { old })).toEqual([]);
  });
});

describe("data directories", () => {
  const path = "spec.rkeConfig.dataDirectories";
  const directories = (dataDirectories: object): Spec => rke({ dataDirectories });

  it.each([
    [{ systemAgent: "/a", provisioning: "/b", k8sDistro: "/c" }, []],
    [{ systemAgent: "a" }, [`FieldValueInvalid ${path}.systemAgent`]],
    [{ systemAgent: "/a/$HOME" }, [`FieldValueInvalid ${path}.systemAgent`]],
    [{ systemAgent: "/a/`id`" }, [`FieldValueInvalid ${path}.systemAgent`]],
    [{ systemAgent: "/a/../b" }, [`FieldValueInvalid ${path}.systemAgent`]],
    [{ systemAgent: "/a/" }, [`FieldValueInvalid ${path}.systemAgent`]],
    [{ k8sDistro: "/a", systemAgent: "/a" }, [`FieldValueInvalid ${path}.systemAgent`]],
    [{ k8sDistro: "/a", provisioning: "/a/b" }, [`FieldValueInvalid ${path}.provisioning`]],
    [{ k8sDistro: "/a/b/c", provisioning: "/a" }, [`FieldValueInvalid ${path}.provisioning`]],
    [{ k8sDistro: "/ab", provisioning: "/a" }, []],
  ])("%j: %j", async (given, expected) => {
    expect(await problems(directories(given))).toEqual(expected);
  });

  it("do not change, and are not said by the old variable", async () => {
    for (const name of ["k8sDistro", "provisioning", "systemAgent"])
      expect(await change(directories({ [name]: "/a" }), directories({ [name]: "/b" }))).toEqual([
        `FieldValueInvalid ${path}.${name}`,
      ]);
    const agentEnvVars = [{ name: "CATTLE_AGENT_VAR_DIR", value: "/a" }];
    expect(await problems(rke({}, { agentEnvVars }))).toEqual(["FieldValueForbidden spec.agentEnvVars"]);
    expect(await change(rke({}), rke({}, { agentEnvVars }))).toEqual([
      "FieldValueForbidden spec.agentEnvVars",
    ]);
  });

  it("take over what the old variable said, and nothing else", async () => {
    const agentEnvVars = [{ name: "CATTLE_AGENT_VAR_DIR", value: "/a" }];
    const old = { ...(await stored(rke({}))), spec: rke({}, { agentEnvVars }) };
    const later = (spec: Spec) => problems(spec, { old });
    expect(await later(rke({}, { agentEnvVars }))).toEqual([]);
    expect(await later(directories({ systemAgent: "/a" }))).toEqual([]);
    expect(await later(directories({ systemAgent: "/b" }))).toEqual([
      `FieldValueInvalid ${path}.systemAgent`,
    ]);
    expect(await later(rke({}))).toEqual(["FieldValueForbidden spec.agentEnvVars"]);
    expect(await later(rke({ dataDirectories: { systemAgent: "/a" } }, { agentEnvVars }))).toEqual([
      "FieldValueForbidden spec.agentEnvVars",
    ]);
  });
});

describe("credentials", () => {
  it("of the cloud can be used by who may read them", async () => {
    const spec = { cloudCredentialSecretName: "cattle-global-data:cc-one" };
    const rules = (namespace: string) => [
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: ["cc-one"],
        verbs: ["get"],
        namespaces: [namespace],
      },
    ];
    const wrong = ["FieldValueForbidden spec.cloudCredentialSecretName"];
    const by = (namespace: string) => ({ actor: { name: "u-abcde", rules: rules(namespace) } });
    expect(await problems(spec, by("cattle-global-data"))).toEqual([]);
    expect(await problems(spec, by("default"))).toEqual(wrong);
    expect(await problems({ cloudCredentialSecretName: "cc-one" }, by("default"))).toEqual([]);
    // What is there already is nobody's decision.
    expect(await change(spec, spec, by("default"))).toEqual([]);
  });

  it("of S3 are there when they are named", async () => {
    const path = "spec.rkeConfig.etcd.s3.cloudCredentialName";
    const spec = (cloudCredentialName: string) => rke({ etcd: { s3: { cloudCredentialName } } });
    expect(await problems(spec("cattle-global-data:cc-x"))).toEqual([`FieldValueInvalid ${path}`]);
    const global = { stored: [secret("cattle-global-data", "cc-x")] };
    expect(await problems(spec("cattle-global-data:cc-x"), global)).toEqual([]);
    expect(await problems(spec("cc-y"), { stored: [secret("default", "cc-y")] })).toEqual([]);
    expect(await change(spec("cc-z"), spec("cc-z"))).toEqual([]);
  });
});

describe("deployment of the agents", () => {
  const selector = { matchExpressions: [{ key: "a", operator: "Never" }] };
  const part = "clusterAgentDeploymentCustomization";

  it.each([
    [{ appendTolerations: [{ key: "a/b" }] }, []],
    [{ appendTolerations: [{ key: "a b" }] }, [`FieldValueInvalid spec.${part}.appendTolerations[0]`]],
    [
      {
        overrideAffinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: "-", operator: "Exists" }] }],
            },
          },
        },
      },
      [
        `FieldValueInvalid spec.${part}.overrideAffinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key`,
      ],
    ],
    [
      {
        overrideAffinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, podAffinityTerm: { topologyKey: "z", labelSelector: selector } },
            ],
          },
        },
      },
      [
        `FieldValueInvalid spec.${part}.overrideAffinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector`,
      ],
    ],
  ])("%#: %j", async (customization, expected) => {
    expect(await problems({ [part]: customization })).toEqual(expected);
    const webhook = expected.map((each) => each.replace(part, "webhookDeploymentCustomization"));
    expect(await problems({ webhookDeploymentCustomization: customization })).toEqual(webhook);
  });

  it.each([
    [{ minAvailable: "1" }, true],
    [{ maxUnavailable: "50%", minAvailable: "0" }, true],
    [{ minAvailable: "1", maxUnavailable: "1" }, false],
    [{ minAvailable: "0", maxUnavailable: "0" }, false],
    [{}, false],
  ])("takes the budget %j: %j", async (podDisruptionBudget, expected) => {
    const found = await problems({ webhookDeploymentCustomization: { podDisruptionBudget } });
    expect(found.length === 0).toBe(expected);
  });

  it("may be given a priority and a budget where the feature is on; where it is off they can only go", async () => {
    const flag = (value: boolean) => [
      kube("management.cattle.io/v3", "Feature", "", "cluster-agent-scheduling-customization", {
        status: { default: value },
      }),
    ];
    const scheduling = {
      priorityClass: { value: 5, preemptionPolicy: "Never" },
      podDisruptionBudget: { minAvailable: "1" },
    };
    const spec = (schedulingCustomization: object) => ({ [part]: { schedulingCustomization } });
    const path = `spec.${part}.schedulingCustomization`;
    const both = [
      `FieldValueForbidden ${path}.priorityClass`,
      `FieldValueForbidden ${path}.podDisruptionBudget`,
    ];
    expect(await problems(spec(scheduling), { stored: flag(true) })).toEqual([]);
    expect(await problems(spec(scheduling), { stored: flag(false) })).toEqual(both);
    expect(await problems(spec(scheduling))).toEqual(both);
    expect(await change(spec(scheduling), spec(scheduling), { stored: flag(false) })).toEqual([]);
    const { priorityClass } = scheduling;
    expect(await change(spec(scheduling), spec({ priorityClass }), { stored: flag(false) })).toEqual([]);
    const odd = { priorityClass: { value: 5, preemptionPolicy: "Sometimes" } };
    expect(await problems(spec(odd), { stored: flag(true) })).toEqual([
      `FieldValueNotSupported ${path}.priorityClass.preemptionPolicy`,
    ]);
  });
});

describe("a restore", () => {
  const path = "spec.rkeConfig.etcdSnapshotRestore";
  const restore = (restoreRKEConfig: string, name = "snap") =>
    rke({ etcdSnapshotRestore: { name, generation: 1, restoreRKEConfig } });
  const snapshot = (spec: unknown): KubeObject => {
    const packed = gzipSync(JSON.stringify(spec)).toString("base64");
    const metadata = Buffer.from(JSON.stringify({ "provisioning-cluster-spec": packed })).toString("base64");
    return kube("rke.cattle.io/v1", "ETCDSnapshot", "default", "snap", { snapshotFile: { metadata } });
  };
  const whole = snapshot({ kubernetesVersion: version, rkeConfig: {} });

  it.each([
    ["none", undefined, []],
    ["all", undefined, [`FieldValueInvalid ${path}.name`]],
    ["all", whole, []],
    ["kubernetesVersion", whole, []],
    ["all", snapshot({ kubernetesVersion: version }), [`FieldValueInvalid ${path}.name`]],
    ["kubernetesVersion", snapshot({ kubernetesVersion: version }), []],
    ["kubernetesVersion", snapshot({ rkeConfig: {} }), [`FieldValueInvalid ${path}.name`]],
    ["kubernetesVersion", snapshot("no object"), [`FieldValueInvalid ${path}.name`]],
    ["most", whole, [`FieldValueNotSupported ${path}.restoreRKEConfig`]],
  ])("of %s from %#: %j", async (mode, from, expected) => {
    const stored = from === undefined ? [] : [from];
    expect(await change(rke({}), restore(mode), { stored })).toEqual(expected);
  });

  it("is judged when it is asked for, not when something else changes", async () => {
    expect(await change(restore("all"), restore("all"))).toEqual([]);
    expect(await problems(restore("all"))).toEqual([]);
  });
});

describe("the pod security template of a cluster", () => {
  const templateName = "restricted";
  const field = "spec.defaultPodSecurityAdmissionConfigurationTemplateName";
  const configuration = { defaults: { enforce: "restricted" }, exemptions: { namespaces: ["kube-system"] } };
  const template = kube(
    "management.cattle.io/v3",
    "PodSecurityAdmissionConfigurationTemplate",
    "",
    templateName,
    { configuration },
  );
  const spec = (more: NonNullable<Spec["rkeConfig"]> = {}, kubernetesVersion = version): Spec => ({
    kubernetesVersion,
    defaultPodSecurityAdmissionConfigurationTemplateName: templateName,
    rkeConfig: more,
  });
  const argument = "admission-control-config-file=/etc/rancher/rke2/config/rancher-psact.yaml";

  it("must be there, and the cluster new enough", async () => {
    expect(await problems(spec())).toEqual([`FieldValueInvalid ${field}`]);
    expect(await problems(spec({}, "v1.22.9+rke2r1"), { stored: [template] })).toEqual([
      `FieldValueInvalid ${field}`,
    ]);
    expect(await problems(spec(), { stored: [template] })).toEqual([]);
  });

  it("becomes a file of the control plane and an argument of its kube-apiserver", async () => {
    const { object } = await create(
      spec({ machineGlobalConfig: { "kube-apiserver-arg": ["a=b"], cni: "none" } }),
      { stored: [template] },
    );
    const { machineGlobalConfig, machineSelectorFiles } = object.spec?.rkeConfig ?? {};
    expect(machineGlobalConfig).toEqual({ "kube-apiserver-arg": [argument, "a=b"], cni: "none" });
    expect(machineSelectorFiles).toEqual([
      {
        machineLabelSelector: { matchLabels: { "rke.cattle.io/control-plane-role": "true" } },
        fileSources: [
          {
            secret: {
              name: "one-admission-configuration-psact",
              items: [
                {
                  key: "admission-config-psact",
                  path: "/etc/rancher/rke2/config/rancher-psact.yaml",
                  hash: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as unknown,
                },
              ],
            },
          },
        ],
      },
    ]);
    // Once more is the same.
    const again = await admit(provisioningClusters, object, { old: object, stored: [template], actor: user });
    expect(again.object.spec).toEqual(object.spec);
    expect(again.problems).toEqual([]);
  });

  it("leaves nothing behind when it is taken away, and touches nothing else", async () => {
    const { object } = await create(
      spec({ machineGlobalConfig: { cni: "none" }, machineSelectorFiles: [{ fileSources: [] }] }),
      { stored: [template] },
    );
    const { defaultPodSecurityAdmissionConfigurationTemplateName: _, ...without } = object.spec ?? {};
    const cleared = await create(without, { old: object, stored: [template] });
    expect(cleared.object.spec?.rkeConfig).toEqual({
      machineGlobalConfig: { cni: "none" },
      machineSelectorFiles: [{ fileSources: [] }],
    });
  });

  it("says nothing to an imported or the local cluster, nor to a status", async () => {
    const { rkeConfig: _, ...imported } = spec();
    expect((await create(imported)).object.spec).toEqual(imported);
    const local = { name: "local", namespace: "fleet-local" };
    expect((await create(spec(), {}, local)).object.spec).toEqual(spec());
    const old = (await create(spec(), { stored: [template] })).object;
    expect(await problems(spec(), { old, subresource: "status" })).toEqual([]);
  });
});
