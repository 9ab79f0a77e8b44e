/** Objects as clients and controllers write them: nothing of them may be lost or refused. */
import { describe, expect, it } from "vitest";
import { typeKey } from "../resource.ts";
import { applyDefaults, prune, validate } from "../structural/engine.ts";
import { unknownFields } from "../structural/unknown-fields.ts";
import { registry } from "./registry.ts";

const selector = {
  matchLabels: { env: "prod" },
  matchExpressions: [{ key: "tier", operator: "In", values: ["web"] }],
};
const condition = {
  type: "Ready",
  status: "True",
  reason: "Fine",
  message: "it is",
  lastUpdateTime: "2026-01-01T00:00:00Z",
  lastTransitionTime: "2026-01-01T00:00:00Z",
};
const capiCondition = {
  type: "Available",
  status: "True",
  reason: "Available",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  observedGeneration: 2,
};
const counts = { ready: 2, desiredReady: 3, modified: 1, notReady: 0 };
const summary = {
  ready: 1,
  desiredReady: 2,
  nonReadyResources: [
    {
      name: "fleet-default/one",
      bundleState: "NotReady",
      modifiedStatus: [{ kind: "ConfigMap", apiVersion: "v1", name: "a", missing: true }],
      nonReadyStatus: [{ uid: "u", kind: "Pod", name: "p", summary: { state: "error", error: true } }],
    },
  ],
};
const options = {
  namespace: "app",
  helm: {
    chart: "./chart",
    values: { replicas: 2, nested: { deep: [1, "two", null] } },
    valuesFrom: [{ secretKeyRef: { name: "s", namespace: "n", key: "values.yaml" } }],
    releaseName: "my-release",
  },
  diff: {
    comparePatches: [
      { apiVersion: "v1", kind: "ConfigMap", operations: [{ op: "remove", path: "/data/x" }] },
    ],
  },
  ignore: { conditions: [{ type: "Active", status: "False" }] },
  kustomize: { dir: "overlays/dev" },
  yaml: { overlays: ["dev"] },
  correctDrift: { enabled: true },
};
const toleration = { key: "k", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 5 };
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: selector.matchExpressions }],
    },
  },
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 1, podAffinityTerm: { labelSelector: selector, topologyKey: "zone" } },
    ],
  },
};
const customization = {
  appendTolerations: [toleration],
  overrideAffinity: affinity,
  overrideResourceRequirements: { limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: 1 } },
  schedulingCustomization: {
    priorityClass: { value: 1000, preemptionPolicy: "Never" },
    podDisruptionBudget: { minAvailable: "1", maxUnavailable: "0" },
  },
};
const reference = { apiGroup: "rke.cattle.io", kind: "RKEControlPlane", name: "one" };
const machineSpec = {
  clusterName: "one",
  bootstrap: { configRef: { ...reference, kind: "RKEBootstrapTemplate" } },
  infrastructureRef: { ...reference, kind: "CustomMachine" },
  version: "v1.34.1",
  taints: [{ key: "a/b", value: "c", effect: "NoSchedule", propagation: "Always" }],
  deletion: { nodeDrainTimeoutSeconds: 60 },
};
const machines = {
  clusterName: "one",
  replicas: 3,
  selector,
  template: { metadata: { labels: { a: "b" } }, spec: machineSpec },
  deletion: { order: "Oldest" },
};
const configuration = {
  machineGlobalConfig: { cni: "calico", "kube-apiserver-arg": ["a=b"] },
  machineSelectorConfig: [{ config: { "protect-kernel-defaults": false }, machineLabelSelector: selector }],
  machineSelectorFiles: [
    {
      machineLabelSelector: selector,
      fileSources: [{ secret: { name: "s", items: [{ key: "k", path: "/p", hash: "h" }] } }],
    },
  ],
  chartValues: { "rke2-calico": { any: { thing: [1] } } },
  registries: {
    mirrors: { "docker.io": { endpoint: ["https://mirror"], rewrite: { "a.*": "b" } } },
    configs: { mirror: { authConfigSecretName: "s", caBundle: "YQ==" } },
  },
  etcd: { snapshotRetention: 5, s3: { bucket: "b", cloudCredentialName: "cattle-global-data:cc-x" } },
  upgradeStrategy: {
    controlPlaneConcurrency: "10%",
    workerConcurrency: "1",
    workerDrainOptions: { enabled: true, ignoreDaemonSets: null, preDrainHooks: [{ annotation: "a/b" }] },
  },
  rotateCertificates: { generation: 2, services: ["kubelet"] },
  etcdSnapshotRestore: { name: "snap", generation: 1, restoreRKEConfig: "all" },
  dataDirectories: { systemAgent: "/a", k8sDistro: "/b" },
  networking: { stackPreference: "dual" },
};
const operation = { clusterRef: { kind: "Cluster", name: "one", namespace: "fleet-default" }, ttl: 60 };
const operationStatus = { phase: "InProgress", conditions: [condition], lastUpdated: "2026-01-01T00:00:00Z" };

/** By type key; without apiVersion, kind and metadata. */
const samples: Readonly<Record<string, object>> = {
  "bundles.fleet.cattle.io": {
    spec: {
      ...options,
      resources: [{ name: "a.yaml", content: "H4s=", encoding: "base64+gz" }],
      targets: [{ ...options, name: "prod", clusterSelector: selector, doNotDeploy: true }],
      targetRestrictions: [{ clusterGroup: "g" }],
      targetCustomizationMode: "AllMatches",
      rolloutStrategy: { maxUnavailable: "10%", autoPartitionSize: 5, partitions: [{ name: "canary" }] },
      dependsOn: [{ selector, acceptedStates: ["Ready"] }],
      helmOpOptions: { helmOpSecretName: "s" },
    },
    status: {
      summary,
      conditions: [condition],
      partitions: [{ name: "All", count: 1, summary }],
      display: { readyClusters: "1/2" },
      resourceKey: null,
    },
  },
  "bundledeployments.fleet.cattle.io": {
    spec: { deploymentID: "s-1:2", options, stagedOptions: options, dependsOn: [{ name: "b" }] },
    status: {
      release: "app/one:1",
      ready: true,
      resources: [{ kind: "Pod", apiVersion: "v1", name: "p", createdAt: "2026-01-01T00:00:00Z" }],
      resourceCounts: counts,
      syncGeneration: 1,
      display: null,
    },
  },
  "bundlenamespacemappings.fleet.cattle.io": { bundleSelector: selector, namespaceSelector: null },
  "clusters.fleet.cattle.io": {
    spec: {
      kubeConfigSecret: "one-kubeconfig",
      agentTolerations: [toleration],
      agentAffinity: affinity,
      agentEnvVars: [{ name: "A", value: "b" }],
      templateValues: { any: { thing: 1 } },
      agentSchedulingCustomization: { podDisruptionBudget: { maxUnavailable: "1" } },
    },
    status: {
      namespace: "cluster-one",
      summary,
      agent: { lastSeen: "2026-01-01T00:00:00Z" },
      agentTLSMode: "strict",
    },
  },
  "clustergroups.fleet.cattle.io": {
    spec: { selector },
    status: { clusterCount: 2, nonReadyClusters: ["a"], summary, display: { readyClusters: "1/2 (a)" } },
  },
  "clusterregistrations.fleet.cattle.io": {
    spec: { clientID: "c", clientRandom: "r", clusterLabels: { a: "b" } },
    status: { granted: true, clusterName: "one" },
  },
  "clusterregistrationtokens.fleet.cattle.io": {
    spec: { ttl: "240h" },
    status: { secretName: "s", expires: "2026-01-01T00:00:00Z" },
  },
  "contents.fleet.cattle.io": { content: "H4sIAAAA", sha256sum: "abc", status: { referenceCount: 1 } },
  "gitrepos.fleet.cattle.io": {
    spec: {
      repo: "https://example.com/a",
      paths: ["a", "b/*"],
      targets: [{ name: "t", clusterGroup: "g" }],
      pollingInterval: "15s",
      bundles: [{ base: "a", options: "o.yaml" }],
      imageScanCommit: { authorName: "a", authorEmail: "b", messageTemplate: "c" },
    },
    status: {
      commit: "abc",
      conditions: [condition],
      resources: [{ kind: "Pod", state: "Ready", perClusterState: { ready: ["a"] } }],
      perClusterResourceCounts: { "fleet-default/one": counts },
      display: { readyBundleDeployments: "1/1" },
    },
  },
  "gitreporestrictions.fleet.cattle.io": {
    allowedRepoPatterns: ["https://.*"],
    allowedTargetNamespaceSelector: selector,
  },
  "helmops.fleet.cattle.io": {
    spec: { ...options, targetCustomizationMode: "FirstMatch", pollingInterval: "1h", labels: { a: "b" } },
    status: { version: "1.2.3", conditions: [condition] },
  },
  "imagescans.fleet.cattle.io": {
    spec: {
      tagName: "t",
      image: "org/app",
      interval: "15m",
      policy: { semver: { range: "*" } },
      secretRef: { name: "s" },
    },
    status: { latestTag: "1", conditions: [condition] },
  },
  "policies.fleet.cattle.io": {
    requireServiceAccount: true,
    gitRepo: { allowedRepoPatterns: ["a"] },
    helmOp: { allowedChartPatterns: ["b"] },
  },
  "schedules.fleet.cattle.io": {
    spec: { schedule: "0 0 * * * *", duration: "5m", targets: { clusters: [{ clusterSelector: selector }] } },
    status: { active: true, nextStartTime: "2026-01-01T00:00:00Z", matchingClusters: ["a"] },
  },
  "clusters.provisioning.cattle.io": {
    spec: {
      kubernetesVersion: "v1.34.1+rke2r1",
      cloudCredentialSecretName: "cattle-global-data:cc-abcde",
      rkeConfig: {
        ...configuration,
        machinePools: [
          {
            name: "pool",
            quantity: 3,
            etcdRole: true,
            controlPlaneRole: true,
            machineConfigRef: { kind: "Amazonec2Config", name: "nc-one" },
            rollingUpdate: { maxSurge: 1, maxUnavailable: "10%" },
            taints: [{ key: "a", value: "b", effect: "NoExecute" }],
            labels: { a: "b" },
            unhealthyNodeTimeout: "0s",
            hostnameLengthLimit: 15,
            userdata: { inlineUserdata: "#cloud-config" },
          },
        ],
      },
      clusterAgentDeploymentCustomization: customization,
      fleetAgentDeploymentCustomization: customization,
      webhookDeploymentCustomization: { replicaCount: 2, podDisruptionBudget: { minAvailable: "50%" } },
      agentEnvVars: [{ name: "NO_PROXY", value: "a,b" }],
      localClusterAuthEndpoint: { enabled: true, fqdn: "a.b", caCerts: "pem" },
    },
    status: { ready: true, clusterName: "c-m-abcdefgh", conditions: [condition], observedGeneration: 3 },
  },
  "rkecontrolplanes.rke.cattle.io": {
    spec: {
      ...configuration,
      clusterName: "one",
      managementClusterName: "c-m-x",
      kubernetesVersion: "v1.34.1+k3s1",
    },
    status: {
      observedGeneration: 1,
      conditions: [condition],
      appliedSpec: { ...configuration, clusterName: "one", managementClusterName: "c-m-x" },
      etcdSnapshotRestorePhase: "Shutdown",
      initialization: { controlPlaneInitialized: true },
    },
  },
  "rkeclusters.rke.cattle.io": {
    spec: { controlPlaneEndpoint: { host: "localhost", port: 6443 } },
    status: { ready: true, initialization: { provisioned: true } },
  },
  "rkebootstraps.rke.cattle.io": {
    spec: { clusterName: "one", userdata: { inlineUserdata: "x" } },
    status: { dataSecretName: "s", ready: true },
  },
  "rkebootstraptemplates.rke.cattle.io": {
    spec: {
      clusterName: "one",
      template: { metadata: { labels: { a: "b" } }, spec: { clusterName: "one" } },
    },
  },
  "custommachines.rke.cattle.io": {
    spec: { providerID: "rke2://one" },
    status: { ready: true, addresses: [{ type: "InternalIP", address: "10.0.0.1" }] },
  },
  "etcdsnapshots.rke.cattle.io": {
    snapshotFile: { name: "f", location: "file:///a", size: 5, s3: { bucket: "b" }, metadata: "H4s=" },
    spec: { clusterName: "one" },
    status: { missing: false },
  },
  "encryptionkeyrotations.operation.cattle.io": {
    spec: operation,
    status: { ...operationStatus, step: "Rotate" },
  },
  "etcdsnapshotsaves.operation.cattle.io": {
    spec: { ...operation, args: { name: "s" } },
    status: { ...operationStatus, step: "Save" },
  },
  "etcdsnapshotrestores.operation.cattle.io": {
    spec: { ...operation, args: { name: "s" }, paused: true },
    status: { ...operationStatus, step: "PostRestorePodCleanup" },
  },
  "beacons.plan.cattle.io": {
    spec: {},
    status: { active: true, owner: "planner", delegates: ["a"], conditions: [capiCondition] },
  },
  "clusters.cluster.x-k8s.io": {
    spec: {
      controlPlaneRef: reference,
      infrastructureRef: { ...reference, kind: "RKECluster" },
      controlPlaneEndpoint: { host: "h", port: 6443 },
      clusterNetwork: { pods: { cidrBlocks: ["10.42.0.0/16"] } },
      topology: {
        classRef: { name: "class" },
        version: "v1.34.1",
        variables: [{ name: "v", value: { any: ["thing"] } }],
        workers: { machineDeployments: [{ class: "c", name: "md", replicas: 2 }] },
      },
    },
    status: {
      conditions: [capiCondition],
      phase: "Provisioned",
      controlPlane: { desiredReplicas: 3 },
      deprecated: {
        v1beta1: {
          conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }],
        },
      },
      failureDomains: [{ name: "a", controlPlane: true, attributes: { x: "y" } }],
    },
  },
  "machines.cluster.x-k8s.io": {
    spec: machineSpec,
    status: { conditions: [capiCondition], phase: "Running", nodeRef: { name: "node-1" } },
  },
  "machinesets.cluster.x-k8s.io": {
    spec: machines,
    status: { replicas: 3, selector: "a=b", versions: [{ version: "v1", replicas: 3 }] },
  },
  "machinedeployments.cluster.x-k8s.io": {
    spec: { ...machines, rollout: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
    status: { replicas: 3, phase: "Running", conditions: [capiCondition] },
  },
  "machinehealthchecks.cluster.x-k8s.io": {
    spec: {
      clusterName: "one",
      selector,
      checks: { unhealthyNodeConditions: [{ type: "Ready", status: "Unknown", timeoutSeconds: 300 }] },
      remediation: { triggerIf: { unhealthyLessThanOrEqualTo: "40%" } },
    },
    status: { expectedMachines: 3, currentHealthy: 3, targets: ["m"] },
  },
  "machinedrainrules.cluster.x-k8s.io": {
    spec: {
      drain: { behavior: "Drain", order: 5 },
      pods: [{ selector }],
      machines: [{ clusterSelector: selector }],
    },
  },
  "plans.upgrade.cattle.io": {
    spec: {
      upgrade: {
        image: "rancher/k3s-upgrade",
        envs: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
        envFrom: [{ secretRef: { name: "s" } }],
        volumes: [{ name: "v", source: "/a", destination: "/b" }],
      },
      prepare: { image: "a", args: ["prepare"] },
      drain: { force: true, timeout: "5m", podSelector: selector },
      window: { days: ["mon", "0"], startTime: "09:00" },
      concurrency: 1,
      nodeSelector: selector,
    },
    status: { latestVersion: "v1", latestHash: "h", applying: ["node-1"], conditions: [condition] },
  },
};

describe("a sample", () => {
  it.each(Object.entries(samples))("of %s is kept and accepted as it is", (key, sample) => {
    const definition = registry.byTypeKey(key);
    if (definition === undefined) throw new Error(`${key} is not declared`);
    const schema = definition.schema();
    expect(unknownFields(schema, sample)).toEqual([]);
    expect(validate(schema, sample)).toEqual([]);
    expect(prune(schema, structuredClone(sample))).toEqual(sample);
    expect(applyDefaults(schema, structuredClone(sample))).toEqual(sample);
    expect(typeKey(definition)).toBe(key);
  });
});
