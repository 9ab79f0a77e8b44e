/** How to reach and authenticate to the cluster's kube-apiserver: from a kubeconfig, or from inside a pod. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { ConfigError } from "./config.ts";

export interface KubeAccess {
  readonly host: string;
  readonly port: number;
  /** PEM bundle that alone is trusted. */
  readonly ca: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  /** Read anew for each request: projected service account tokens are rotated under us. */
  readonly bearer: () => string | undefined;
}

const podDir = "/var/run/secrets/kubernetes.io/serviceaccount";

type Environment = Readonly<Record<string, string | undefined>>;

export function inClusterAccess(env: Environment, dir: string = podDir): KubeAccess {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = Number(env["KUBERNETES_SERVICE_PORT"] ?? "443");
  if (host === undefined || !existsSync(join(dir, "token"))) {
    throw new ConfigError("not in a cluster: give --kubeconfig FILE");
  }
  return {
    host,
    port,
    ca: readFileSync(join(dir, "ca.crt"), "utf8"),
    bearer: cachedFile(join(dir, "token"), 30_000),
  };
}

/** Re-reads at most every `ttlMs`: kubelet replaces the file long before the old token dies. */
function cachedFile(path: string, ttlMs: number): () => string {
  let value = "";
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (Date.now() - readAt > ttlMs) {
      value = readFileSync(path, "utf8").trim();
      readAt = Date.now();
    }
    return value;
  };
}

/** The current context of a kubeconfig. Exec plugins and auth providers are refused: this is a daemon. */
export function kubeconfigAccess(path: string): KubeAccess {
  let document: unknown;
  try {
    document = parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`--kubeconfig: ${error instanceof Error ? error.message : String(error)}`);
  }
  const root = record(document, "kubeconfig");
  const context = named(root, "contexts", root["current-context"], "context");
  const cluster = named(root, "clusters", context["cluster"], "cluster");
  const user = named(root, "users", context["user"], "user");
  if ("exec" in user || "auth-provider" in user) {
    throw new ConfigError(
      `${path}: exec and auth-provider users are not supported here; use a certificate or a token`,
    );
  }
  const base = dirname(path);
  const server = new URL(String(cluster["server"]));
  const ca = material(cluster, "certificate-authority", base);
  if (server.protocol !== "https:" || ca === undefined) {
    throw new ConfigError(`${path}: the cluster needs an https server and a certificate-authority`);
  }
  const clientCert = material(user, "client-certificate", base);
  const clientKey = material(user, "client-key", base);
  const token = typeof user["token"] === "string" ? user["token"] : undefined;
  return {
    host: server.hostname.replace(/^\[|\]$/g, ""),
    port: server.port === "" ? 443 : Number(server.port),
    ca,
    ...(clientCert === undefined ? {} : { clientCert }),
    ...(clientKey === undefined ? {} : { clientKey }),
    bearer: () => token,
  };
}

function named(
  root: Record<string, unknown>,
  list: string,
  name: unknown,
  field: string,
): Record<string, unknown> {
  const entries = root[list];
  const found = Array.isArray(entries)
    ? entries.map((entry) => record(entry, list)).find((entry) => entry["name"] === name)
    : undefined;
  if (found === undefined) throw new ConfigError(`kubeconfig: no entry ${JSON.stringify(name)} in ${list}`);
  return record(found[field], field);
}

/** `<field>-data` (base64) before `<field>` (a path, relative to the kubeconfig). */
function material(entry: Record<string, unknown>, field: string, base: string): string | undefined {
  const data = entry[`${field}-data`];
  if (typeof data === "string") return Buffer.from(data, "base64").toString("utf8");
  const path = entry[field];
  if (typeof path !== "string") return undefined;
  return readFileSync(isAbsolute(path) ? path : join(base, path), "utf8");
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null)
    throw new ConfigError(`kubeconfig: ${what} is not an object`);
  return value as Record<string, unknown>;
}
