/** Where a token that is bound to a cluster may be used (auth.md 3.5, point 6). Pure. */

/** The cluster that a raw path is about: the third segment behind `k8s|v3` and `clusters|cluster|proxy`. */
export function clusterOfPath(path: string): string | undefined {
  return /^\/(?:k8s|v3)\/(?:clusters|cluster|proxy)\/([^/]+)/.exec(path)?.[1];
}

/** An unscoped token is valid everywhere; a scoped one only on its own cluster's paths, not on paths about none. */
export function scopeAllows(clusterName: string | undefined, path: string): boolean {
  return clusterName === undefined || clusterOfPath(path) === clusterName;
}

const localPaths = [
  "/k8s/clusters/local",
  "/api",
  "/apis",
  "/openapi",
  "/version",
  "/.well-known/openid-configuration",
  "/openid/v1/jwks",
  "/metrics",
];

/** A service account is known to the Kubernetes API of the management objects and to `/metrics`: not to clusters, nor to `/v3`. */
export function serviceAccountMayUse(path: string): boolean {
  return localPaths.some((allowed) => path === allowed || path.startsWith(`${allowed}/`));
}
