/** cluster.cattle.io/v3: what a cluster's own authentication endpoint knows of users (auth.md 8.4). */
export const cluster = { group: "cluster.cattle.io", version: "v3" } as const;
