/**
 * Registration tokens (tunnel.md 2.11): every cluster has its namespace and `default-token`, every
 * ClusterRegistrationToken its Secret; tokens are rotated, and sessions end with theirs. Keys: `<cluster>` and
 * `<namespace>/<name>` of a token.
 */
import { generateTokenSecret } from "../../../schema/auth/token-secret.ts";
import type { KubeObject } from "../../../schema/object.ts";
import { typeKey } from "../../../schema/resource.ts";
import { namespaces } from "../../../schema/resources/core/namespaces.ts";
import { registrationSecretPrefix, secrets, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import {
  clusterRegistrationTokens,
  registrationSecretName,
  rotateAnnotation,
} from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import type { ClusterRegistrationToken } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters, localCluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import { randomBytes } from "../../identity/hasher.ts";
import { absentAsUndefined, unless } from "../../store/absent.ts";
import { proceed, stop } from "../controller.ts";
import type { Controller, ReconcileContext, Step } from "../controller.ts";
import { delivery } from "./delivery.ts";
import { rotation } from "./rotation.ts";
import { expiry, revocation } from "./sessions.ts";

const defaultToken = "default-token";

/** For clusters that came by another way than `POST /v3/clusters`, which makes all of this in one commit. */
const clusterParts: Step = {
  name: "cluster-parts",
  async run({ store }, key) {
    if (key.includes("/")) return proceed;
    const cluster = await absentAsUndefined(store.get<Cluster>(clusters, "", key));
    if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return stop;
    // Somebody was faster, or its namespace is going with its cluster: both are as good.
    await unless(
      "AlreadyExists",
      store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: key } }),
    );
    await unless(
      "AlreadyExists",
      store.create<ClusterRegistrationToken>(clusterRegistrationTokens, {
        apiVersion: "management.cattle.io/v3",
        kind: "ClusterRegistrationToken",
        metadata: { name: defaultToken, namespace: key },
        spec: { clusterName: key },
      }),
    );
    return stop;
  },
};

const tokenSecret: Step = {
  name: "token-secret",
  async run(context, key) {
    const [namespace = "", name = ""] = key.split("/");
    const secretName = registrationSecretName(name);
    const [token, secret] = await Promise.all([
      absentAsUndefined(context.store.get(clusterRegistrationTokens, namespace, name)),
      absentAsUndefined(context.store.get<Secret>(secrets, namespace, secretName)),
    ]);
    if (token === undefined && secret !== undefined) await revoke(context, namespace, secretName);
    if (token !== undefined && secret === undefined)
      await unless(
        "AlreadyExists",
        context.store.create<Secret>(secrets, {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: secretName, namespace },
          data: { token: toBase64(generateTokenSecret(randomBytes)) },
        }),
      );
    return proceed;
  },
};

export const registrationTokens: Controller = {
  name: "registration-tokens",
  watches: [
    { type: typeKey(clusters), keys: ofNewCluster },
    {
      type: typeKey(clusterRegistrationTokens),
      keys: (before, after) => (relevant(before) === relevant(after) ? [] : namesOf(after ?? before)),
    },
    {
      type: typeKey(secrets),
      keys: (before, after) => ofTokenSecret(after ?? before),
    },
  ],
  steps: [clusterParts, tokenSecret, rotation, revocation, delivery, expiry],
};

/** Not the status, which these steps write. */
function relevant(token: KubeObject | undefined): string {
  if (token === undefined) return "";
  const { deletionTimestamp, annotations } = token.metadata;
  const { spec } = token as ClusterRegistrationToken;
  return JSON.stringify([spec, deletionTimestamp, annotations?.[rotateAnnotation]]);
}

function ofTokenSecret(secret: KubeObject | undefined): string[] {
  const { namespace = "", name = "" } = secret?.metadata ?? {};
  return name.startsWith(registrationSecretPrefix)
    ? [`${namespace}/${name.slice(registrationSecretPrefix.length)}`]
    : [];
}

/** No agent joins as the management store. */
function ofNewCluster(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
  return before === undefined && after?.metadata.name !== localCluster ? namesOf(after) : [];
}

function namesOf(object: KubeObject | undefined): string[] {
  if (object === undefined) return [];
  const { namespace = "", name } = object.metadata;
  return [namespace === "" ? name : `${namespace}/${name}`];
}

async function revoke({ store }: ReconcileContext, namespace: string, name: string): Promise<void> {
  await unless("NotFound", store.delete(secrets, namespace, name));
}
