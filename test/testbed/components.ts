/** The files and command lines of the control plane of one test bed. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Binaries } from "./build.ts";
import { createAuthority, createSigningKey } from "./certs.ts";
import type { KeyPair } from "./certs.ts";

/** All on 127.0.0.1. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
  readonly kubelet: number;
  /** The HTTP server behind every `kubectl port-forward`. */
  readonly forwarded: number;
}

export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface ControlPlane {
  readonly caPem: string;
  readonly admin: KeyPair;
  readonly etcd: Command;
  readonly apiserver: Command;
  /** What needs a ready API server. */
  readonly others: readonly Command[];
}

const SERVICE_CIDR = "10.96.0.0/16";
const SERVICE_NAMES = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
const SERVING_NAMES = ["127.0.0.1", "localhost", "10.96.0.1", ...SERVICE_NAMES];

/** Metadata of every request, except those of the control plane itself, which would bury the rest. */
const AUDIT_POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    {
      level: "None",
      users: ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "kwok"],
    },
    { level: "None", userGroups: ["system:serviceaccounts:kube-system"] },
    { level: "Metadata" },
  ],
};

/** Where things are in a test bed's directory. */
export const files = {
  kubeconfig: "kubeconfig",
  audit: "audit.log",
  podLog: "pod.log",
  exec: "exec",
} as const;

/** Writes certificates, kubeconfigs and configuration into `dir`, and returns what to run. */
export function writeControlPlane(dir: string, name: string, binaries: Binaries, ports: Ports): ControlPlane {
  const path = (file: string): string => join(dir, file);
  const write = (file: string, content: string): string => {
    writeFileSync(path(file), content, { mode: 0o600 });
    return path(file);
  };
  const writePair = (file: string, pair: KeyPair): { cert: string; key: string } => ({
    cert: write(`${file}.crt`, pair.certPem),
    key: write(`${file}.key`, pair.keyPem),
  });

  const ca = createAuthority(`testbed ${name} ${createHash("sha256").update(dir).digest("hex").slice(0, 8)}`);
  const caFiles = writePair("ca", ca);
  const serving = writePair("server", ca.server("kube-apiserver", SERVING_NAMES));
  const kubeletClient = writePair(
    "kubelet-client",
    ca.client("kube-apiserver-kubelet-client", "system:masters"),
  );
  const frontProxy = writePair("front-proxy", ca.client("front-proxy"));
  const accountKey = write("service-account.key", createSigningKey());
  const server = `https://127.0.0.1:${ports.apiserver}`;
  const writeKubeconfig = (file: string, pair: KeyPair): string =>
    write(file, kubeconfig(`testbed-${name}`, server, ca.certPem, pair));
  const admin = ca.client("admin", "system:masters");
  writeKubeconfig(files.kubeconfig, admin);

  const etcdUrl = `http://127.0.0.1:${ports.etcd}`;
  const etcdPeerUrl = `http://127.0.0.1:${ports.etcdPeer}`;
  const loopback = (port: number): string[] => ["--bind-address=127.0.0.1", `--secure-port=${port}`];
  const kubeconfigFlags = (file: string): string[] =>
    ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map(
      (flag) => `--${flag}=${file}`,
    );

  return {
    caPem: ca.certPem,
    admin,
    etcd: {
      name: "etcd",
      command: binaries.etcd,
      args: [
        `--data-dir=${path("etcd")}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${etcdPeerUrl}`,
        `--initial-advertise-peer-urls=${etcdPeerUrl}`,
        `--initial-cluster=default=${etcdPeerUrl}`,
        "--unsafe-no-fsync",
        "--log-level=warn",
      ],
    },
    apiserver: {
      name: "kube-apiserver",
      command: binaries.apiserver,
      args: [
        ...loopback(ports.apiserver),
        // Nothing outside this machine reaches it: no endpoint of service kubernetes, and no wish for a network.
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        `--etcd-servers=${etcdUrl}`,
        "--authorization-mode=Node,RBAC",
        "--allow-privileged",
        `--client-ca-file=${caFiles.cert}`,
        `--tls-cert-file=${serving.cert}`,
        `--tls-private-key-file=${serving.key}`,
        `--service-cluster-ip-range=${SERVICE_CIDR}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${accountKey}`,
        `--service-account-signing-key-file=${accountKey}`,
        `--requestheader-client-ca-file=${caFiles.cert}`,
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        `--proxy-client-cert-file=${frontProxy.cert}`,
        `--proxy-client-key-file=${frontProxy.key}`,
        `--kubelet-client-certificate=${kubeletClient.cert}`,
        `--kubelet-client-key=${kubeletClient.key}`,
        `--kubelet-certificate-authority=${caFiles.cert}`,
        "--kubelet-preferred-address-types=InternalIP",
        `--audit-policy-file=${write("audit-policy.yaml", stringify(AUDIT_POLICY))}`,
        `--audit-log-path=${path(files.audit)}`,
        "--audit-log-mode=blocking",
      ],
    },
    others: [
      {
        name: "kube-controller-manager",
        command: binaries.controllerManager,
        args: [
          ...loopback(ports.controllerManager),
          ...kubeconfigFlags(
            writeKubeconfig("controller-manager.kubeconfig", ca.client("system:kube-controller-manager")),
          ),
          "--leader-elect=false",
          "--use-service-account-credentials",
          `--service-account-private-key-file=${accountKey}`,
          `--root-ca-file=${caFiles.cert}`,
          `--cluster-signing-cert-file=${caFiles.cert}`,
          `--cluster-signing-key-file=${caFiles.key}`,
          // At the default of 20 the controllers, which each ask for a token first, take 4 s to start.
          "--kube-api-qps=1000",
          "--kube-api-burst=1000",
          // A starved test machine must not look like a lost node.
          "--node-monitor-grace-period=2m",
        ],
      },
      {
        name: "kube-scheduler",
        command: binaries.scheduler,
        args: [
          ...loopback(ports.scheduler),
          ...kubeconfigFlags(writeKubeconfig("scheduler.kubeconfig", ca.client("system:kube-scheduler"))),
          "--leader-elect=false",
        ],
      },
      {
        name: "kubelet",
        command: binaries.kubelet,
        args: [
          `-address=127.0.0.1:${ports.kubelet}`,
          `-kwok=http://127.0.0.1:${ports.kwok}`,
          `-cert=${serving.cert}`,
          `-key=${serving.key}`,
          `-client-ca=${caFiles.cert}`,
          `-dir=${path(files.exec)}`,
        ],
      },
      {
        name: "kwok",
        command: binaries.kwok,
        args: [
          `--kubeconfig=${writeKubeconfig("kwok.kubeconfig", ca.client("kwok", "system:masters"))}`,
          "--manage-all-nodes",
          // Not the default, whatever its help says; without leases a node is lost when the grace period ends.
          "--node-lease-duration-seconds=40",
          "--node-ip=127.0.0.1",
          `--node-port=${ports.kubelet}`,
          `--server-address=127.0.0.1:${ports.kwok}`,
          `--config=${write("kwok.yaml", kwokConfig(path(files.podLog), ports.forwarded))}`,
        ],
      },
    ],
  };
}

/** A kubeconfig that holds its certificates, so that it works from anywhere. */
function kubeconfig(name: string, server: string, caPem: string, user: KeyPair): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(caPem) } }],
    users: [
      {
        name,
        user: {
          "client-certificate-data": base64(user.certPem),
          "client-key-data": base64(user.keyPem),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}

function kwokConfig(podLog: string, forwardedPort: number): string {
  const rule = (kind: string, spec: unknown): string =>
    stringify({ apiVersion: "kwok.x-k8s.io/v1alpha1", kind, metadata: { name: "all" }, spec });
  return [
    readFileSync(join(import.meta.dirname, "stages.yaml"), "utf8"),
    rule("ClusterLogs", { logs: [{ logsFile: podLog, previousLogsFile: podLog, follow: true }] }),
    rule("ClusterAttach", { attaches: [{ logsFile: podLog }] }),
    rule("ClusterPortForward", { forwards: [{ target: { address: "127.0.0.1", port: forwardedPort } }] }),
  ].join("---\n");
}
