/**
 * The import manifest (tunnel.md 3): plain objects, serialised by yaml.ts, so that no value can become structure
 * (CVE-2026-44939). Pure and deterministic: applying it twice changes nothing.
 *
 * Unlike Rancher's, the container runs a stock Node image with the agent as one file from a ConfigMap, and there is no
 * init container unless a charts image is set: a cluster joins without any registry of ours. An image of Rancher's agent
 * runs as it is.
 */
import { kubeApiAuth } from "./manifest-auth.ts";
import { deployment } from "./manifest-deployment.ts";
import {
  agentApp,
  agentNamespace,
  bringsItsAgent,
  bundleName,
  credentialsName,
  imageFrom,
} from "./manifest-names.ts";

export interface ManifestInput {
  /** `https://host[:port]`, no trailing slash. */
  readonly serverUrl: string;
  readonly token: string;
  /** `tokenKey(serverUrl, token)`. */
  readonly key: string;
  /** PEM that agents shall trust, trimmed; empty where the certificate is publicly trusted. */
  readonly caChecksum: string;
  readonly strictVerify: boolean;
  readonly agentImage: string;
  /** Empty: no init container. */
  readonly chartsImage: string;
  /** Absent: no kube-api-auth. */
  readonly authImage?: string;
  readonly bundle: AgentBundle;
  readonly systemDefaultRegistry: string;
  readonly serverVersion: string;
  readonly installUuid: string;
  readonly ingressIpDomain: string;
  /** `spec.agentEnvVars` of the cluster. */
  readonly agentEnv: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: object;
  }[];
}

/** The agent as one ESM file. */
export interface AgentBundle {
  readonly text: string;
  /** First 10 hex digits of its SHA-256. */
  readonly hash: string;
}

/** The objects in the order they are applied in. */
export function manifestObjects(input: ManifestInput): object[] {
  const creator = { "cattle.io/creator": "norman" };
  const account = { kind: "ServiceAccount", name: "cattle", namespace: agentNamespace };
  return [
    clusterRole("proxy-clusterrole-kubeapiserver", {
      rules: [
        {
          apiGroups: [""],
          resources: ["nodes/metrics", "nodes/proxy", "nodes/stats", "nodes/log", "nodes/spec"],
          verbs: ["get", "list", "watch", "create"],
        },
      ],
    }),
    clusterRoleBinding("proxy-role-binding-kubernetes-master", "proxy-clusterrole-kubeapiserver", {
      apiGroup: rbac.group,
      kind: "User",
      name: "kube-apiserver",
    }),
    { apiVersion: "v1", kind: "Namespace", metadata: { name: agentNamespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "cattle", namespace: agentNamespace } },
    clusterRoleBinding("cattle-admin-binding", "cattle-admin", account, creator),
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: credentialsName(input.key), namespace: agentNamespace },
      type: "Opaque",
      data: { url: base64(input.serverUrl), token: base64(input.token), namespace: "" },
    },
    clusterRole("cattle-admin", {
      labels: creator,
      rules: [
        { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
        { nonResourceURLs: ["*"], verbs: ["*"] },
      ],
    }),
    ...(bringsItsAgent(input.agentImage) ? [] : [bundleConfigMap(input.bundle)]),
    deployment(input),
    ...(input.authImage === undefined
      ? []
      : [kubeApiAuth(imageFrom(input.systemDefaultRegistry, input.authImage))]),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: agentApp, namespace: agentNamespace },
      spec: {
        ports: [
          { port: 80, targetPort: 80, protocol: "TCP", name: "http" },
          { port: 443, targetPort: 444, protocol: "TCP", name: "https-internal" },
        ],
        selector: { app: agentApp },
      },
    },
  ];
}

function bundleConfigMap(bundle: AgentBundle): object {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: bundleName(bundle), namespace: agentNamespace },
    data: { "agent.mjs": bundle.text },
  };
}

const rbac = { group: "rbac.authorization.k8s.io", version: "rbac.authorization.k8s.io/v1" } as const;

function clusterRole(
  name: string,
  { rules, labels }: { readonly rules: readonly object[]; readonly labels?: object },
): object {
  const metadata = { name, ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: rbac.version, kind: "ClusterRole", metadata, rules };
}

function clusterRoleBinding(name: string, role: string, subject: object, labels?: object): object {
  return {
    apiVersion: rbac.version,
    kind: "ClusterRoleBinding",
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    roleRef: { apiGroup: rbac.group, kind: "ClusterRole", name: role },
    subjects: [subject],
  };
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
