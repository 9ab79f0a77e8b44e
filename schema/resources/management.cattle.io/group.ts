/** What all types of management.cattle.io/v3 share. */
export const management = { group: "management.cattle.io", version: "v3" } as const;

/** Standard Norman methods (norman-v3.md 3.1). */
export const standardMethods = {
  collectionMethods: ["GET", "POST"],
  resourceMethods: ["GET", "PUT", "DELETE"],
} as const;
