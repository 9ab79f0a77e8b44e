/** The agent's Deployment (tunnel.md 3, "Deployment details", and 2.10). Pure. */
import {
  agentApp,
  agentNamespace,
  bringsItsAgent,
  bundleName,
  credentialsName,
  imageFrom,
} from "./manifest-names.ts";
import type { ManifestInput } from "./manifest.ts";

/**
 * What a Rancher agent shall switch off in a downstream cluster. Only names that every release knows: one unknown name
 * voids the whole list, and no steve session would come (tunnel.md 3). Our own agent needs none.
 */
const features = [
  "fleet=false",
  "managed-system-upgrade-controller=false",
  "multi-cluster-management=false",
  "multi-cluster-management-agent=true",
  "provisioningv2=false",
  "rke2=false",
].join(",");

const agentDirectory = "/opt/drover";

export function deployment(input: ManifestInput): object {
  const labels = { app: agentApp };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: agentApp,
      namespace: agentNamespace,
      annotations: { "management.cattle.io/scale-available": "2" },
    },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          affinity,
          serviceAccountName: "cattle",
          tolerations: [
            { effect: "NoSchedule", key: "node-role.kubernetes.io/controlplane", value: "true" },
            { effect: "NoSchedule", key: "node-role.kubernetes.io/control-plane", operator: "Exists" },
          ],
          ...initContainers(input),
          containers: [container(input)],
          volumes: volumes(input),
        },
      },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    },
  };
}

const notWindows = { key: "kubernetes.io/os", operator: "NotIn", values: ["windows"] } as const;
const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [notWindows] }],
    },
    preferredDuringSchedulingIgnoredDuringExecution: [
      prefer(100, "node-role.kubernetes.io/controlplane"),
      prefer(100, "node-role.kubernetes.io/control-plane"),
      prefer(1, "cattle.io/cluster-agent"),
    ],
  },
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          labelSelector: { matchExpressions: [{ key: "app", operator: "In", values: [agentApp] }] },
          topologyKey: "kubernetes.io/hostname",
        },
      },
    ],
  },
} as const;

function prefer(weight: number, key: string): object {
  return { weight, preference: { matchExpressions: [{ key, operator: "In", values: ["true"] }] } };
}

function container(input: ManifestInput): object {
  const bundled = !bringsItsAgent(input.agentImage);
  return {
    name: "cluster-register",
    image: imageFrom(input.systemDefaultRegistry, input.agentImage),
    imagePullPolicy: "IfNotPresent",
    ...(bundled ? { command: ["node", `${agentDirectory}/agent.mjs`] } : {}),
    env: environment(input),
    volumeMounts: [
      { name: "cattle-credentials", mountPath: "/cattle-credentials", readOnly: true },
      ...(bundled ? [{ name: "agent-bundle", mountPath: agentDirectory, readOnly: true }] : []),
      ...(input.chartsImage === ""
        ? []
        : [{ name: "rancher-charts", mountPath: "/var/lib/rancher-data/local-catalogs/v2" }]),
    ],
  };
}

/** Names are unique: what the cluster's owner sets goes before ours, since `kubectl apply` merges by name. */
function environment(input: ManifestInput): object[] {
  const ours = {
    CATTLE_SERVER: input.serverUrl,
    CATTLE_CA_CHECKSUM: input.caChecksum,
    CATTLE_CLUSTER: "true",
    CATTLE_K8S_MANAGED: "true",
    CATTLE_FEATURES: features,
    CATTLE_CREDENTIAL_NAME: credentialsName(input.key),
    CATTLE_SYSTEM_DEFAULT_REGISTRY: input.systemDefaultRegistry,
    CATTLE_SERVER_VERSION: input.serverVersion,
    CATTLE_INSTALL_UUID: input.installUuid,
    CATTLE_INGRESS_IP_DOMAIN: input.ingressIpDomain,
    CATTLE_SUC_APP_NAME_OVERRIDE: "",
    STRICT_VERIFY: String(input.strictVerify),
  };
  const own = new Map(input.agentEnv.map((variable) => [variable.name, variable]));
  return [
    ...Object.entries(ours)
      .filter(([name]) => !own.has(name))
      .map(([name, value]) => ({ name, value })),
    ...own.values(),
  ].map(({ value, ...variable }: ManifestInput["agentEnv"][number]) =>
    // The API server does not store an empty value: with one, each `kubectl apply` would see a change.
    value === undefined || value === "" ? variable : { ...variable, value },
  );
}

function initContainers({ chartsImage, systemDefaultRegistry }: ManifestInput): object {
  if (chartsImage === "") return {};
  return {
    initContainers: [
      {
        name: "rancher-charts-copy",
        image: imageFrom(systemDefaultRegistry, chartsImage),
        imagePullPolicy: "IfNotPresent",
        volumeMounts: [{ name: "rancher-charts", mountPath: "/charts" }],
      },
    ],
  };
}

function volumes(input: ManifestInput): object[] {
  return [
    // 0500: readable and enterable by the container's root alone.
    { name: "cattle-credentials", secret: { secretName: credentialsName(input.key), defaultMode: 320 } },
    ...(bringsItsAgent(input.agentImage)
      ? []
      : [{ name: "agent-bundle", configMap: { name: bundleName(input.bundle) } }]),
    ...(input.chartsImage === "" ? [] : [{ name: "rancher-charts", emptyDir: {} }]),
  ];
}
