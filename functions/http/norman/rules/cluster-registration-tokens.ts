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
import { isStoreError } from "../../../../schema/store/errors.ts";
import { randomBytes } from "../../../identity/hasher.ts";
import { absentAsUndefined } from "../../../store/absent.ts";
import { registrationCommands } from "../../clusters/commands.ts";
import { caChecksum } from "../../clusters/token-key.ts";
import { baseUrl, storeOf } from "../../context.ts";
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
    const shared = await sharedOf(context);
    return Promise.all(
      objects.map((object) => commandsOf(context, object as ClusterRegistrationToken, shared)),
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

/** Who may not read the Secret gets no commands (norman-v3.md 6). */
async function commandsOf(
  { c }: RuleContext,
  object: ClusterRegistrationToken,
  shared: Shared,
): Promise<Computed> {
  const store = storeOf(c);
  const clusterId = object.spec.clusterName;
  const [secret, cluster] = await Promise.all([
    visible(
      store.get<Secret>(
        secrets,
        object.metadata.namespace ?? "",
        registrationSecretName(object.metadata.name),
      ),
    ),
    visible(store.get<Cluster>(clusters, "", clusterId)),
  ]);
  const agentEnv = (cluster?.spec?.agentEnvVars ?? []).map(({ name, value }) =>
    value === undefined ? { name } : { name, value },
  );
  const token = secret === undefined ? "" : secretText(secret, "token");
  return { ...registrationCommands({ ...shared, clusterId, token, agentEnv }) };
}

async function visible<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isStoreError(error, "Forbidden") || isStoreError(error, "NotFound")) return undefined;
    throw error;
  }
}
