/** `drover clusters`, `import`, `kubeconfig`, `token`: the same calls that the ecosystem's clients make. */
import process from "node:process";
import { call, callJson } from "./client.ts";
import type { Connection } from "./client.ts";
import { kubectl } from "./kubectl.ts";
import type { KubectlTarget } from "./kubectl.ts";
import { writeOut, writeTable } from "./table.ts";

export interface Cluster {
  id: string;
  name: string;
  state: string;
  internal?: boolean;
  driver?: string;
  transitioningMessage?: string;
  version?: { gitVersion?: string };
}

interface Collection<T> {
  data: T[];
}

export async function listClusters(connection: Connection): Promise<void> {
  const { data } = await callJson<Collection<Cluster>>(connection, "GET", "/v3/clusters?limit=-1");
  // Not the management store itself, which is `internal`.
  const clusters = data.filter(({ internal }) => internal !== true);
  const rows = clusters.map((cluster) => [
    cluster.name,
    cluster.id,
    cluster.state,
    cluster.version?.gitVersion ?? "-",
    cluster.transitioningMessage ?? "",
  ]);
  await writeTable([["NAME", "ID", "STATE", "VERSION", "MESSAGE"], ...rows]);
}

/** By name or id; an unknown one is an error that lists what there is. */
async function findCluster(connection: Connection, nameOrId: string): Promise<Cluster | undefined> {
  const { data } = await callJson<Collection<Cluster>>(connection, "GET", "/v3/clusters?limit=-1");
  return data.find((cluster) => cluster.id === nameOrId) ?? data.find((cluster) => cluster.name === nameOrId);
}

/** Creates it unless it exists. */
export async function ensureCluster(connection: Connection, name: string): Promise<Cluster> {
  const cluster =
    (await findCluster(connection, name)) ??
    (await callJson<Cluster>(connection, "POST", "/v3/clusters", { name }));
  if (cluster.internal === true) throw new Error(`${name} is Drover itself: no agent can join as it`);
  return cluster;
}

export interface ImportOptions extends KubectlTarget {
  readonly apply: boolean;
}

/** Creates the cluster unless it exists, then prints its manifest, or applies it with kubectl. Running it again is safe. */
export async function importCluster(
  connection: Connection,
  name: string,
  options: ImportOptions,
): Promise<void> {
  const cluster = await ensureCluster(connection, name);
  const tokens = await callJson<Collection<{ manifestUrl: string }>>(
    connection,
    "GET",
    `/v3/clusterregistrationtokens?clusterId=${encodeURIComponent(cluster.id)}`,
  );
  const manifestUrl = tokens.data.find((token) => token.manifestUrl !== "")?.manifestUrl;
  if (manifestUrl === undefined)
    throw new Error(`cluster ${name} has no registration token; is server-url set?`);
  const manifest = await call({ ...connection }, "GET", new URL(manifestUrl).pathname);
  if (manifest.status !== 200) throw new Error(`the server refused the manifest: ${manifest.text.trim()}`);
  process.stderr.write(`Cluster ${name} is ${cluster.id}.\n`);
  const { apply, ...target } = options;
  if (apply) await kubectl(target, ["apply", "-f", "-"], { input: manifest.text, shown: true });
  else await writeOut(manifest.text);
}

export async function printKubeconfig(connection: Connection, name: string): Promise<void> {
  const cluster = await findCluster(connection, name);
  if (cluster === undefined) throw new Error(`no cluster ${name}: \`npm run drover -- clusters\` lists them`);
  const path = `/v3/clusters/${encodeURIComponent(cluster.id)}?action=generateKubeconfig`;
  const { config } = await callJson<{ config: string }>(connection, "POST", path);
  await writeOut(config);
}

export interface TokenOptions {
  readonly description: string;
  /** 0 = the server's default. */
  readonly ttlMinutes: number;
}

/** Mints an API token and prints it: it is shown this once. */
export async function printToken(connection: Connection, options: TokenOptions): Promise<void> {
  const { token } = await callJson<{ token: string }>(connection, "POST", "/v3/tokens", {
    description: options.description,
    ttl: options.ttlMinutes * 60_000,
  });
  await writeOut(`${token}\n`);
}
