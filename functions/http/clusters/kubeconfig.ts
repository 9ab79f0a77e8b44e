/** The kubeconfig of a cluster (norman-v3.md 4.2, auth.md 8.3), by a serialiser: names are chosen by users. Pure. */
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

export function kubeconfig(input: KubeconfigInput): string {
  const name = input.clusterName === "" ? input.clusterId : input.clusterName;
  const { endpoint } = input;
  const direct =
    endpoint === undefined || endpoint.fqdn === ""
      ? []
      : [{ name: `${name}-fqdn`, server: `https://${endpoint.fqdn}`, ca: endpoint.caCerts }];
  const clusters = [
    { name, server: `${input.serverUrl}/k8s/clusters/${input.clusterId}`, ca: input.cacerts },
    ...direct,
  ];
  return toYaml([
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: clusters.map(({ name, server, ca }) => ({
        name,
        cluster: { server, ...(ca === "" ? {} : { "certificate-authority-data": base64Pem(ca) }) },
      })),
      users: [{ name, user: userOf(input, name) }],
      contexts: clusters.map((cluster) => ({
        name: cluster.name,
        context: { user: name, cluster: cluster.name },
      })),
      "current-context": name,
    },
  ]);
}

function userOf({ bearer, serverUrl, clusterId, endpoint }: KubeconfigInput, name: string): object {
  if (bearer !== undefined) return { token: bearer };
  return {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      command: "rancher",
      args: [
        "token",
        `--server=${new URL(serverUrl).host}`,
        `--user=${name}`,
        ...(endpoint === undefined ? [] : [`--cluster=${clusterId}`]),
      ],
    },
  };
}

/** The PEM with one newline at its end, in base64. */
function base64Pem(pem: string): string {
  const bytes = new TextEncoder().encode(`${pem.trim()}\n`);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
