/**
 * `drover connect`: a cluster that Drover reaches at its API endpoint, without an agent. In the cluster, by kubectl, an account for
 * Drover; in Drover, the cluster with endpoint, CA and the account's token; then a request through Drover shows whether it works.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiFailure, call, callJson } from "./client.ts";
import type { Connection } from "./client.ts";
import { ensureCluster } from "./clusters.ts";
import { parseKubeconfigCluster } from "./kubeconfig-cluster.ts";
import type { KubeconfigCluster } from "./kubeconfig-cluster.ts";
import { kubectl } from "./kubectl.ts";
import type { KubectlTarget } from "./kubectl.ts";

const account = { namespace: "kube-system", name: "drover" } as const;
const tokenSecret = "drover-token";
/** For whoever clears up. */
const labels = { "drover.io/account": "true" } as const;
const local = "/k8s/clusters/local";
const credentials = `${local}/api/v1/namespaces/cattle-global-data/secrets`;
/** The driver of a cluster without an agent. */
const direct = "direct";
/** Kubernetes fills a Secret within seconds. */
const tokenMs = 20_000;
/** What Drover knows of a cluster may be 10 s old, and a dial may take 15 s. */
const checkMs = 45_000;

/** Running it again is safe, and renews what is known of the cluster. */
export async function connectCluster(
  connection: Connection,
  name: string,
  target: KubectlTarget,
): Promise<void> {
  const view = await kubectl(target, ["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]);
  const cluster = parseKubeconfigCluster(view);
  const { id } = await ensureCluster(connection, name);
  const row = `${local}/apis/management.cattle.io/v3/clusters/${id}`;
  const { status } = await callJson<ClusterRow>(connection, "GET", row);
  if (![undefined, "", direct].includes(status?.driver))
    throw new Error(`cluster ${name} has an agent: delete it first, or choose another name`);
  const token = await accountToken(target);
  const secret = await keepToken(connection, id, token);
  await describeCluster(connection, row, cluster, secret);
  await forgetOlderTokens(connection, id, secret);
  process.stderr.write(`Cluster ${name} is ${id}, at ${cluster.endpoint}.\n`);
  process.stderr.write(`It answers: Kubernetes ${await answeringVersion(connection, id, cluster)}.\n`);
}

interface ClusterRow {
  status?: { driver?: string };
}

/** Of an account that may do everything in the cluster, and impersonate; it does not expire. */
async function accountToken(target: KubectlTarget): Promise<string> {
  const manifest = {
    apiVersion: "v1",
    kind: "List",
    items: [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...account, labels } },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: account.name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "ServiceAccount", ...account }],
      },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
          namespace: account.namespace,
          name: tokenSecret,
          labels,
          annotations: { "kubernetes.io/service-account.name": account.name },
        },
        type: "kubernetes.io/service-account-token",
      },
    ],
  };
  await kubectl(target, ["apply", "-f", "-"], { input: JSON.stringify(manifest) });
  const read = ["get", "secret", tokenSecret, "-n", account.namespace, "-o", "jsonpath={.data.token}"];
  for (const until = Date.now() + tokenMs; Date.now() < until; await sleep(500)) {
    const token = Buffer.from(await kubectl(target, read), "base64").toString("utf8");
    if (token !== "") return token;
  }
  throw new Error(`the cluster does not fill Secret ${account.namespace}/${tokenSecret} with a token`);
}

/** Its name. The label lets it go with the cluster. */
async function keepToken(connection: Connection, id: string, token: string): Promise<string> {
  const { metadata } = await callJson<{ metadata: { name: string } }>(connection, "POST", credentials, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { generateName: `direct-${id}-`, labels: { "drover.io/cluster-credential": id } },
    stringData: { credential: token },
  });
  return metadata.name;
}

async function describeCluster(
  connection: Connection,
  row: string,
  { endpoint, caCert }: KubeconfigCluster,
  secret: string,
): Promise<void> {
  const status = { driver: direct, apiEndpoint: endpoint, caCert, serviceAccountTokenSecret: secret };
  for (let attempt = 1; ; attempt++) {
    const cluster = await callJson<ClusterRow>(connection, "GET", row);
    const written = { ...cluster, status: { ...cluster.status, ...status } };
    try {
      await callJson(connection, "PUT", `${row}/status`, written);
      return;
    } catch (error) {
      // Controllers write conditions of a new cluster meanwhile.
      if (!(error instanceof ApiFailure) || error.status !== 409 || attempt === 10) throw error;
      await sleep(200);
    }
  }
}

async function forgetOlderTokens(connection: Connection, id: string, current: string): Promise<void> {
  const selector = encodeURIComponent(`drover.io/cluster-credential=${id}`);
  const { items } = await callJson<{ items: { metadata: { name: string } }[] }>(
    connection,
    "GET",
    `${credentials}?labelSelector=${selector}`,
  );
  for (const { metadata } of items)
    if (metadata.name !== current) await call(connection, "DELETE", `${credentials}/${metadata.name}`);
}

/** Asked through Drover. Rejects with what Drover says of the last attempt. */
async function answeringVersion(
  connection: Connection,
  id: string,
  { endpoint }: KubeconfigCluster,
): Promise<string> {
  let last = "";
  for (const until = Date.now() + checkMs; Date.now() < until; await sleep(1_000)) {
    try {
      const version = await callJson<{ gitVersion?: string }>(
        connection,
        "GET",
        `/k8s/clusters/${id}/version`,
      );
      return version.gitVersion ?? "of an unknown version";
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      last = error.message;
      // 503: it still takes the cluster for one whose agent has yet to come.
      if (error.status !== 503) break;
    }
  }
  throw new Error(`Drover does not get an answer from ${endpoint}: ${last}`);
}
