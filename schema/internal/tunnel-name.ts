/** The objects of one cluster's tunnel: one, or several among which a busy cluster's agents and users are spread. Pure. */

/** On a cluster: over how many objects its tunnel is spread, 1 to `maxShards`; absent = 1. */
export const shardsAnnotation = "drover.io/tunnel-shards";
export const maxShards = 16;

/** `undefined` for what is not a number of shards. */
export function parseShards(value: string | undefined): number | undefined {
  if (value === undefined || value === "") return 1;
  if (!/^\d{1,2}$/.test(value)) return undefined;
  const shards = Number(value);
  return shards >= 1 && shards <= maxShards ? shards : undefined;
}

/** Shard 0 has the cluster's own name: it is there before a cluster is spread, and after. */
export function tunnelName(clusterId: string, shard: number): string {
  return shard === 0 ? clusterId : `${clusterId}#${shard}`;
}

export function parseTunnelName(name: string): { readonly clusterId: string; readonly shard: number } {
  const [clusterId = "", shard = "0"] = name.split("#", 2);
  return { clusterId, shard: Number(shard) };
}

/** One user stays with one shard: FNV-1a over UTF-16. */
export function shardOf(user: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < user.length; at++) hash = Math.imul(hash ^ user.charCodeAt(at), 0x01000193) >>> 0;
  return hash % shards;
}
