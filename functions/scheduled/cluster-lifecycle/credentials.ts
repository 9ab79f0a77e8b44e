/** Where the token of an agent's service account is kept, and how all of a cluster's are found. */
export const credentialNamespace = "cattle-global-data";
/** Its value is the cluster's id: a Secret that no status names is found by it, too. */
export const credentialLabel = "drover.io/cluster-credential";
