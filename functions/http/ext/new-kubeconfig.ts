/**
 * A Kubeconfig that a caller makes for himself (auth.md 3.8, 8.3): one token for all clusters that are reached by way of this
 * server, one more for each that has an endpoint of its own. The tokens come first: what a crash leaves was never told to
 * anybody, and ends by its time.
 */
import { generateNameSuffix } from "../../../schema/auth/token-secret.ts";
import { configMaps } from "../../../schema/resources/core/config-maps.ts";
import type { ConfigMap } from "../../../schema/resources/core/config-maps.ts";
import { kubeconfigOfRow, rowOfKubeconfig } from "../../../schema/resources/ext.cattle.io/kubeconfig-rows.ts";
import type { Kubeconfig } from "../../../schema/resources/ext.cattle.io/kubeconfigs.ts";
import { kubeconfigIdLabel, timestamp } from "../../../schema/resources/ext.cattle.io/rows.ts";
import { clusters as clusterType } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { randomBytes } from "../../identity/hasher.ts";
import { deleteToken } from "../../identity/token-records.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { cappedTtl, maySeeCluster, requireDeriving, ttlPolicy } from "../auth/tokens.ts";
import { clusterEntries, kubeconfigText } from "../clusters/kubeconfig.ts";
import type { KubeconfigEntry, KubeconfigUser } from "../clusters/kubeconfig.ts";
import { baseUrl } from "../context.ts";
import { ApiError } from "../errors.ts";
import { entryNames, judgeKubeconfig, kubeconfigTtl, requireSensible } from "./kubeconfig-rules.ts";
import { mintRow, requireUser } from "./new-token.ts";
import type { MintedRow } from "./new-token.ts";
import type { OwnDeps } from "./own-type.ts";

/** The entry for this server itself, and the user of all clusters without an endpoint. */
const serverEntry = "rancher";

/** Throws `BadRequest`, `Forbidden`, `Invalid`. A dry run makes no tokens, and so no text. */
export async function createKubeconfig(
  deps: OwnDeps,
  object: Kubeconfig,
  dryRun: boolean,
): Promise<Kubeconfig> {
  const { c, rows, settings, identity } = deps;
  requireUser(identity);
  requireSensible(object);
  const { spec = {}, ...rest } = judgeKubeconfig(object);
  const { notAfter } = requireDeriving(identity, undefined);
  const ttlMs = cappedTtl(kubeconfigTtl(spec.ttl ?? 0, await ttlPolicy(settings, "kubeconfig")), notAfter);
  const found = await clustersOf(deps, spec.clusters ?? []);
  const { currentContext: wanted = "", includeDefaultEntry = true } = spec;
  if (wanted !== "" && !found.some(({ metadata }) => metadata.name === wanted))
    throw new ApiError("BadRequest", `invalid currentContext ${wanted}`);
  const [first] = found;
  const current = wanted === "" ? (first?.metadata.name ?? "") : wanted;
  const name = `kubeconfig-${generateNameSuffix(randomBytes)}`;
  const made: Kubeconfig = {
    ...rest,
    spec: {
      ...spec,
      ttl: Math.max(Math.floor(ttlMs / 1_000), 1),
      ...(current === "" ? {} : { currentContext: current }),
    },
  };
  const generates = !dryRun && (await settings.get("kubeconfig-generate-token")) === "true";
  const minted: MintedRow[] = [];
  const mint = async (clusterName?: string): Promise<string | undefined> => {
    if (!generates) return undefined;
    const more = clusterName === undefined ? {} : { clusterName };
    const token = { kind: "kubeconfig", description: "Kubeconfig token", ttl: ttlMs, ...more };
    const row = await mintRow(deps, token, { labels: { [kubeconfigIdLabel]: name } });
    minted.push(row);
    return row.bearer;
  };
  try {
    const parts = await partsOf(deps, found, includeDefaultEntry, current, mint);
    const row = rowOfKubeconfig(
      { ...made, status: statusOf(minted) },
      { name, userId: identity.userId, owners: minted.map(ownerOf) },
    );
    const stored = kubeconfigOfRow(await rows.create<ConfigMap>(configMaps, row, { dryRun }));
    if (dryRun) return stored;
    const text = kubeconfigText({ serverUrl: await baseUrl(c), ...parts });
    return { ...stored, status: { ...stored.status, value: text } };
  } catch (error) {
    // Nobody was told of them.
    for (const { row } of minted) await deleteToken(rows, `ext/${row.metadata.name}`);
    throw error;
  }
}

/** In the order that they are asked for in. Rights come before existence. */
async function clustersOf({ rows, identity }: OwnDeps, ids: readonly string[]): Promise<Cluster[]> {
  if (ids[0] === "*") {
    const { items } = await rows.list<Cluster>(clusterType, {});
    return items.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && maySeeCluster(identity, metadata.name),
    );
  }
  for (const id of ids)
    if (!maySeeCluster(identity, id))
      throw new ApiError("Forbidden", `user ${identity.userId} is not allowed to access cluster ${id}`);
  return Promise.all(
    ids.map(async (id) => {
      const cluster = await absentAsUndefined(rows.get<Cluster>(clusterType, "", id));
      if (cluster === undefined) throw new ApiError("BadRequest", `cluster ${id} not found`);
      return cluster;
    }),
  );
}

interface Parts {
  readonly entries: readonly KubeconfigEntry[];
  readonly users: readonly KubeconfigUser[];
  readonly current: string;
}

/** `mint`: a token for all clusters or one, where tokens are made. */
async function partsOf(
  { c, settings }: OwnDeps,
  found: readonly Cluster[],
  includeDefaultEntry: boolean,
  currentId: string,
  mint: (clusterName?: string) => Promise<string | undefined>,
): Promise<Parts> {
  const serverUrl = await baseUrl(c);
  const cacerts = await settings.get("cacerts");
  const entries: KubeconfigEntry[] = [];
  const users: KubeconfigUser[] = [];
  let current = "";
  const addUser = async (name: string, clusterId?: string): Promise<void> => {
    const bearer = await mint(clusterId);
    users.push({
      name,
      ...(bearer === undefined ? {} : { bearer }),
      ...(clusterId === undefined ? {} : { clusterId }),
    });
  };
  if (includeDefaultEntry || found.some((cluster) => endpointOf(cluster) === undefined))
    await addUser(serverEntry);
  if (includeDefaultEntry) {
    entries.push({ name: serverEntry, server: serverUrl, ca: cacerts, user: serverEntry });
    current = serverEntry;
  }
  const names = entryNames(
    found.map(({ metadata, spec }) => ({ id: metadata.name, displayName: spec?.displayName ?? "" })),
    [serverEntry],
  );
  for (const cluster of found) {
    const clusterId = cluster.metadata.name;
    const name = names.get(clusterId) ?? clusterId;
    const endpoint = endpointOf(cluster);
    if (endpoint !== undefined) await addUser(name, clusterId);
    const own = clusterEntries({
      serverUrl,
      clusterId,
      cacerts,
      name,
      user: endpoint === undefined ? serverEntry : name,
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    entries.push(...own);
    // Directly, where that is possible.
    if (clusterId === currentId) current = own.at(-1)?.name ?? name;
  }
  return { entries, users, current };
}

function endpointOf({ spec }: Cluster): { readonly fqdn: string; readonly caCerts: string } | undefined {
  const { enabled, fqdn = "", caCerts = "" } = spec?.localClusterAuthEndpoint ?? {};
  return enabled === true ? { fqdn, caCerts } : undefined;
}

function ownerOf({ row }: MintedRow): { apiVersion: string; kind: string; name: string; uid: string } {
  return { apiVersion: "v1", kind: "Secret", name: row.metadata.name, uid: row.metadata.uid ?? "" };
}

function statusOf(minted: readonly MintedRow[]): NonNullable<Kubeconfig["status"]> {
  const tokens = minted.map(({ row }) => row.metadata.name);
  const created = {
    type: "TokenCreated",
    status: "True",
    reason: "TokenCreated",
    message: tokens.join(", "),
    lastTransitionTime: timestamp(new Date()),
  } as const;
  return { summary: "Complete", ...(tokens.length === 0 ? {} : { tokens, conditions: [created] }) };
}
