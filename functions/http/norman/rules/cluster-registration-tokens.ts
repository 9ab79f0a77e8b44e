/** Registration tokens: the Secret is made with them; commands are computed when they are read (norman-v3.md 6). */
import { generateTokenSecret } from "../../../../schema/auth/token-secret.ts";
import { secretText, secrets, toBase64 } from "../../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../../schema/resources/core/secrets.ts";
import {
  clusterRegistrationTokens,
  registrationSecretName,
} from "../../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import type { ClusterRegistrationToken } from "../../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "../../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../../schema/resources/management.cattle.io/clusters.ts";
import { mayDo } from "../../../../schema/store/authorize.ts";
import { randomBytes } from "../../../identity/hasher.ts";
import { actorOf } from "../../../identity/identity.ts";
import { absentAsUndefined } from "../../../store/absent.ts";
import { registrationCommands } from "../../clusters/commands.ts";
import { caChecksum } from "../../clusters/token-key.ts";
import { baseUrl, storeOf, systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import type { Computed, RuleContext, TypeRules } from "./rules.ts";

export const clusterRegistrationTokenRules: TypeRules = {
  async create({ c, identity }, object) {
    const token = object as ClusterRegistrationToken;
    const { namespace = "", name } = token.metadata;
    const store = storeOf(c);
    if ((await absentAsUndefined(store.get(clusters, "", namespace))) === undefined)
      throw new ApiError("InvalidReference", `no cluster ${namespace}`, { fieldName: "clusterId" });
    const secret = registrationSecret(namespace, name, generateTokenSecret(randomBytes));
    const created = await store.create(clusterRegistrationTokens, token, {
      creatorId: identity.userId,
      alongside: [{ action: "create", definition: secrets, object: secret }],
    });
    return { object: created };
  },
  async compute(context, objects) {
    const tokens = objects as readonly ClusterRegistrationToken[];
    const [shared, found, clustersById] = await Promise.all([
      sharedOf(context),
      readableSecrets(context, tokens),
      readableClusters(context, tokens),
    ]);
    return tokens.map(
      ({ metadata: { namespace = "", name }, spec: { clusterName: clusterId } }): Computed => {
        const secret = found.get(`${namespace}/${registrationSecretName(name)}`);
        const agentEnv = (clustersById.get(clusterId)?.spec?.agentEnvVars ?? []).map((variable) =>
          variable.value === undefined
            ? { name: variable.name }
            : { name: variable.name, value: variable.value },
        );
        const token = secret === undefined ? "" : secretText(secret, "token");
        return { ...registrationCommands({ ...shared, clusterId, token, agentEnv }) };
      },
    );
  },
};

export function registrationSecret(namespace: string, tokenName: string, token: string): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: registrationSecretName(tokenName), namespace },
    type: "Opaque",
    data: { token: toBase64(token) },
  };
}

interface Shared {
  readonly serverUrl: string;
  readonly caChecksum: string;
}

async function sharedOf({ c }: RuleContext): Promise<Shared> {
  return {
    serverUrl: await baseUrl(c),
    caChecksum: await caChecksum(await c.get("settings").get("cacerts")),
  };
}

/** By `<namespace>/<name>`. Who may not read a Secret gets no commands (norman-v3.md 6). */
async function readableSecrets(
  { c, identity }: RuleContext,
  tokens: readonly ClusterRegistrationToken[],
): Promise<ReadonlyMap<string, Secret>> {
  const wanted = tokens
    .map(({ metadata: { namespace = "", name } }) => ({ namespace, name: registrationSecretName(name) }))
    .filter((place) => mayDo(actorOf(identity), { verb: "get", definition: secrets, ...place }));
  if (wanted.length === 0) return new Map();
  // Judged one by one above, and the list may hold more than what was asked for.
  const { items } = await systemStore(c, "registration-commands").list<Secret>(secrets, {
    namespaces: [...new Set(wanted.map(({ namespace }) => namespace))],
    names: [...new Set(wanted.map(({ name }) => name))],
  });
  const places = new Set(wanted.map(({ namespace, name }) => `${namespace}/${name}`));
  return new Map(
    items
      .map((secret): [string, Secret] => [
        `${secret.metadata.namespace ?? ""}/${secret.metadata.name}`,
        secret,
      ])
      .filter(([place]) => places.has(place)),
  );
}

async function readableClusters(
  { c, identity }: RuleContext,
  tokens: readonly ClusterRegistrationToken[],
): Promise<ReadonlyMap<string, Cluster>> {
  const names = [...new Set(tokens.map(({ spec }) => spec.clusterName))].filter((name) =>
    mayDo(actorOf(identity), { verb: "get", definition: clusters, name }),
  );
  if (names.length === 0) return new Map();
  const { items } = await storeOf(c).list<Cluster>(clusters, { names });
  return new Map(items.map((cluster) => [cluster.metadata.name, cluster]));
}
