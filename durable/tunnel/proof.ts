/**
 * Whether a session is of the cluster that it says (docs/design/tunnel.md, "Who may come"): judged by using it, before anybody
 * else's requests go over it. No clock, no sockets.
 */
import {
  identityNamespacePath,
  identityProblem,
  identitySecretPath,
} from "../../schema/internal/cluster-identity.ts";
import type { ClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import type { ClusterRegistration } from "../../schema/internal/context.ts";
import { agentUser } from "../../schema/internal/agent-identity.ts";

export type Proof =
  | { readonly kind: "proven" }
  | { readonly kind: "refused"; readonly reason: string }
  /** Asked again later: the cluster may be ill, or nobody is there to ask. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Asks a cluster's kube-apiserver as the agent's own account; `body` is what JSON it answered, if it was any. */
export type Ask = (
  method: "GET" | "POST",
  path: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly body: unknown }>;

/** A steve session shows what only the cluster has. */
export async function proveIdentity(ask: Ask, clusterId: string, expected: ClusterIdentity): Promise<Proof> {
  const [namespace, secret] = await Promise.all([
    ask("GET", identityNamespacePath),
    ask("GET", identitySecretPath(clusterId)),
  ]);
  for (const { status } of [namespace, secret])
    if (status !== 200 && status !== 404)
      return { kind: "unknown", reason: `the cluster answers with status ${status}` };
  const reason = await identityProblem(expected, namespace.body, secret.body);
  return reason === undefined ? { kind: "proven" } : { kind: "refused", reason };
}

/**
 * What a main session says is true of the cluster that `ask` asks: the token is of the agent's account there, and the CA is
 * the one that its own pods trust. The address needs no proof: who has another cannot have a certificate of that CA.
 */
export async function proveRegistration(ask: Ask, { token, caCert }: ClusterRegistration): Promise<Proof> {
  const [review, root] = await Promise.all([
    ask("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token },
    }),
    ask("GET", `${identityNamespacePath}/configmaps/kube-root-ca.crt`),
  ]);
  if (review.status !== 201 || root.status !== 200)
    return { kind: "unknown", reason: `the cluster answers with status ${review.status}, ${root.status}` };
  const { status } = review.body as {
    status?: { authenticated?: boolean; user?: { username?: string } };
  };
  if (status?.authenticated !== true || status.user?.username !== agentUser)
    return { kind: "refused", reason: "its token is not of the agent's account in the cluster" };
  const { data } = root.body as { data?: Readonly<Record<string, unknown>> };
  const bundle = data?.["ca.crt"];
  const trusted = certificatesOf(typeof bundle === "string" ? bundle : "");
  const given = certificatesOf(fromBase64(caCert));
  return given.length > 0 && given.every((certificate) => trusted.includes(certificate))
    ? { kind: "proven" }
    : { kind: "refused", reason: "its CA is not the cluster's" };
}

/** The certificates of a PEM bundle, without line breaks. */
function certificatesOf(pem: string): string[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
  return Array.from(blocks, ([, base64 = ""]) => base64.replace(/\s+/g, ""));
}

function fromBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}
