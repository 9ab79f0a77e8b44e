/** Of a kubeconfig: where a cluster's kube-apiserver is and whom it trusts, as Drover can use it without an agent. Pure. */

export interface KubeconfigCluster {
  /** `https://host[:port]` */
  readonly endpoint: string;
  /** base64 of a PEM bundle. */
  readonly caCert: string;
}

interface ClusterEntry {
  readonly server?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
}

/**
 * `text`: of `kubectl config view --raw --minify --flatten -o json`, which holds one context's cluster alone. Throws for what
 * Drover cannot do: the text says what.
 */
export function parseKubeconfigCluster(text: string): KubeconfigCluster {
  const { clusters } = JSON.parse(text) as { clusters?: readonly { cluster?: ClusterEntry }[] | null };
  const [entry] = clusters ?? [];
  if (entry?.cluster === undefined) throw new Error("the kubeconfig's context names no cluster");
  const { cluster } = entry;
  const { server = "" } = cluster;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "https:" || url.hostname === "")
    throw new Error(`the kubeconfig's server is no https URL: ${server || "none"}`);
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "")
    throw new Error(
      `${server} is not the address of a kube-apiserver alone: Drover reaches no cluster through another server's path`,
    );
  if ((cluster["proxy-url"] ?? "") !== "")
    throw new Error(`the kubeconfig reaches ${server} through a proxy, which Drover does not do`);
  const name = cluster["tls-server-name"] ?? "";
  if (name !== "" && name !== url.hostname)
    throw new Error(
      `the kubeconfig expects the name ${name} in the certificate of ${server}: Drover expects the server's own`,
    );
  const caCert = cluster["certificate-authority-data"] ?? "";
  if (cluster["insecure-skip-tls-verify"] === true || caCert === "")
    throw new Error(
      `the kubeconfig has no certificate authority for ${server}: Drover sends no token to a server that it cannot verify`,
    );
  return { endpoint: url.origin, caCert };
}
