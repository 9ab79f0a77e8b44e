/** Sessions end with the token that opened them: replaced, expired, past its grace time, or deleted. */
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import {
  clusterRegistrationTokens,
  registrationSecretName,
} from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../schema/resources/management.cattle.io/clusters.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { countingTokens } from "../../http/clusters/token-times.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { proceed, stop } from "../controller.ts";
import type { Step } from "../controller.ts";
import { rotationDue } from "./rotation.ts";

/** Farther off than that, the work row is looked at once more, which costs nothing. */
const maxWaitMs = 24 * 60 * 60_000;

export const revocation: Step = {
  name: "revocation",
  async run({ env, store, now }, key) {
    const clusterId = key.split("/", 1)[0] ?? "";
    const cluster = await absentAsUndefined(store.get<Cluster>(clusters, "", clusterId));
    // Removal closes them all; of a cluster that never connected the object is not woken.
    if (cluster === undefined || cluster.metadata.deletionTimestamp !== undefined) return stop;
    if ((cluster.status?.driver ?? "") === "") return proceed;
    const { hashes } = await tokensInForce(store, clusterId, now().getTime());
    await env.TUNNEL.getByName(clusterId).keepSessionsOf(hashes, "registration token revoked");
    return proceed;
  },
};

export const expiry: Step = {
  name: "expiry",
  async run({ store, now }, key) {
    const at = now().getTime();
    const { nextChangeAt } = await tokensInForce(store, key.split("/", 1)[0] ?? "", at);
    if (nextChangeAt === undefined) return stop;
    const afterMs = Math.min(nextChangeAt - at + 1, maxWaitMs);
    return { next: "requeue", afterMs, reason: "a token is to be rotated, or ends" };
  },
};

/** Hashes of all that count for a cluster, and when the next of them ends or is rotated (epoch milliseconds). */
async function tokensInForce(
  store: BoundStore,
  clusterId: string,
  now: number,
): Promise<{ readonly hashes: readonly string[]; readonly nextChangeAt: number | undefined }> {
  const { items } = await store.list(clusterRegistrationTokens, { namespace: clusterId });
  const hashes: string[] = [];
  const changes: number[] = [];
  for (const token of items) {
    if (token.metadata.deletionTimestamp !== undefined) continue;
    const secret = await absentAsUndefined(
      store.get<Secret>(secrets, clusterId, registrationSecretName(token.metadata.name)),
    );
    if (secret === undefined) continue;
    const counting = countingTokens(secret, now);
    hashes.push(...(await Promise.all(counting.map(({ text }) => sha256Hex(text)))));
    changes.push(...counting.map(({ until }) => until), rotationDue(token, secret));
  }
  const next = Math.min(...changes.filter((time) => time > now && Number.isFinite(time)));
  return { hashes, nextChangeAt: Number.isFinite(next) ? next : undefined };
}
