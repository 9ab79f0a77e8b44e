/** Kubeconfigs (norman-v3.md 4.2, auth.md 8.3), by a serialiser: names are chosen by users. Pure. */
import { toYaml } from "./yaml.ts";

export interface KubeconfigInput {
  /** `https://host[:port]`, no trailing slash. */
  readonly serverUrl: string;
  readonly clusterId: string;
  /** Display name; empty: the id is used. */
  readonly clusterName: string;
  /** Trimmed PEM; empty where the certificate is publicly trusted. */
  readonly cacerts: string;
  /** `name:secret`. Absent: `rancher token` asks for one. */
  readonly bearer?: string;
  /** The authorized cluster endpoint, if it is enabled. */
  readonly endpoint?: { readonly fqdn: string; readonly caCerts: string };
}

/** A cluster and the context of the same name. */
export interface KubeconfigEntry {
  readonly name: string;
  readonly server: string;
  /** PEM, or empty. */
  readonly ca: string;
  /** The name of its user. */
  readonly user: string;
}

export interface KubeconfigUser {
  readonly name: string;
  readonly bearer?: string;
  /** The token is to be one for this cluster. */
  readonly clusterId?: string;
}

export interface KubeconfigParts {
  readonly serverUrl: string;
  readonly entries: readonly KubeconfigEntry[];
  readonly users: readonly KubeconfigUser[];
  /** Empty: none. */
  readonly current: string;
}

/** Of one cluster. */
export function kubeconfig(input: KubeconfigInput): string {
  const { serverUrl, clusterId, endpoint, bearer } = input;
  const name = input.clusterName === "" ? clusterId : input.clusterName;
  return kubeconfigText({
    serverUrl,
    entries: clusterEntries({ ...input, name, user: name }),
    users: [
      {
        name,
        ...(bearer === undefined ? {} : { bearer }),
        ...(endpoint === undefined ? {} : { clusterId }),
      },
    ],
    current: name,
  });
}

/** By way of this server, and directly where the cluster has an address of its own. */
export function clusterEntries({
  serverUrl,
  clusterId,
  cacerts,
  endpoint,
  name,
  user,
}: Pick<KubeconfigInput, "serverUrl" | "clusterId" | "cacerts" | "endpoint"> & {
  readonly name: string;
  readonly user: string;
}): KubeconfigEntry[] {
  const through = { name, server: `${serverUrl}/k8s/clusters/${clusterId}`, ca: cacerts, user };
  if (endpoint === undefined || endpoint.fqdn === "") return [through];
  return [through, { name: `${name}-fqdn`, server: `https://${endpoint.fqdn}`, ca: endpoint.caCerts, user }];
}

export function kubeconfigText({ serverUrl, entries, users, current }: KubeconfigParts): string {
  return toYaml([
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: entries.map(({ name, server, ca }) => ({
        name,
        cluster: { server, ...(ca === "" ? {} : { "certificate-authority-data": base64Pem(ca) }) },
      })),
      users: users.map((user) => ({ name: user.name, user: credential(serverUrl, user) })),
      contexts: entries.map(({ name, user }) => ({ name, context: { user, cluster: name } })),
      "current-context": current,
    },
  ]);
}

function credential(serverUrl: string, { name, bearer, clusterId }: KubeconfigUser): object {
  if (bearer !== undefined) return { token: bearer };
  return {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      command: "rancher",
      args: [
        "token",
        `--server=${new URL(serverUrl).host}`,
        `--user=${name}`,
        ...(clusterId === undefined ? [] : [`--cluster=${clusterId}`]),
      ],
    },
  };
}

/** The PEM with one newline at its end, in base64. */
function base64Pem(pem: string): string {
  const bytes = new TextEncoder().encode(`${pem.trim()}\n`);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
