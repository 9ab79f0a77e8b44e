/** What all types of catalog.cattle.io/v1 share. */
export const catalog = { group: "catalog.cattle.io", version: "v1" } as const;
