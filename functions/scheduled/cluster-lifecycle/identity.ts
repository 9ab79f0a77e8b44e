/**
 * What makes a cluster known again (schema/internal/cluster-identity.ts) is written down at its first connect. From then on
 * its tunnel object lets no session in that does not show it, whoever has the registration token.
 */
import {
  identityNamespacePath,
  identityOf,
  identitySecretName,
  identitySecretPath,
  keyOf,
  uidOf,
} from "../../../schema/internal/cluster-identity.ts";
import { toBase64 } from "../../../schema/resources/core/secrets.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { generateTokenSecret } from "../../../schema/auth/token-secret.ts";
import { randomBytes } from "../../identity/hasher.ts";
import { proceed } from "../controller.ts";
import type { DownstreamInit, ReconcileContext, Step } from "../controller.ts";

export const identity: Step = {
  name: "identity",
  async run(context, clusterId) {
    const { status } = await context.store.get<Cluster>(clusters, "", clusterId);
    if (status?.clusterIdentity !== undefined) return proceed;
    const namespaceUid = uidOf((await ask(context, clusterId, identityNamespacePath)).body);
    const key = namespaceUid === undefined ? undefined : await keyIn(context, clusterId);
    // An agent that does not let us has no identity to protect; the next run tries again.
    if (namespaceUid === undefined || key === undefined) return proceed;
    const clusterIdentity = await identityOf(namespaceUid, key);
    await context.store.modify<Cluster>(
      clusters,
      "",
      clusterId,
      (current) =>
        current.status?.clusterIdentity === undefined
          ? { ...current, status: { ...current.status, clusterIdentity } }
          : undefined,
      { subresource: "status" },
    );
    return proceed;
  },
};

/** The key that is there, or a new one: a run that ended half-way has left its own. */
async function keyIn(context: ReconcileContext, clusterId: string): Promise<string | undefined> {
  const found = await ask(context, clusterId, identitySecretPath(clusterId));
  if (found.status === 200) return keyOf(found.body);
  if (found.status !== 404) return undefined;
  const made = await ask(context, clusterId, `${identityNamespacePath}/secrets`, {
    method: "POST",
    body: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: identitySecretName(clusterId),
        namespace: "kube-system",
        labels: { "app.kubernetes.io/managed-by": "drover" },
      },
      type: "Opaque",
      data: { key: toBase64(generateTokenSecret(randomBytes)) },
    },
  });
  return made.status === 201 ? keyOf(made.body) : undefined;
}

async function ask(
  { downstream }: ReconcileContext,
  clusterId: string,
  path: string,
  init?: DownstreamInit,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await downstream(clusterId, path, init);
  const text = await answer.text();
  try {
    return { status: answer.status, body: JSON.parse(text) };
  } catch {
    return { status: answer.status, body: undefined };
  }
}
