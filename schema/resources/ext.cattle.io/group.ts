/**
 * What all types of ext.cattle.io/v1 share. Rancher serves them by an API server of their own, so there are no
 * CustomResourceDefinitions of them (auth.md 3.7, 3.8).
 */
export const extension = { group: "ext.cattle.io", version: "v1", scope: "Cluster" } as const;
