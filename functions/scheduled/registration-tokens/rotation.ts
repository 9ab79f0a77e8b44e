/**
 * Rotation of registration tokens (tunnel.md 2.11): a new token, while the old one counts for its grace time. Due shortly
 * before a token with `spec.ttl` expires, and at once when it is asked for.
 */
import { generateNameSuffix, generateTokenSecret } from "../../../schema/auth/token-secret.ts";
import { secretText, secrets, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import {
  clusterRegistrationTokens,
  registrationSecretName,
  rotateAnnotation,
} from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import type { ClusterRegistrationToken } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { timeOf } from "../../http/clusters/token-times.ts";
import { randomBytes } from "../../identity/hasher.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { proceed } from "../controller.ts";
import type { Step } from "../controller.ts";

const minuteMs = 60_000;
const defaultGraceMinutes = 180;
/** Rotated before the end, so that no agent meets an expired token: a tenth of the life, a day at most. */
const leadShare = 0.1;
const maxLeadMs = 24 * 60 * minuteMs;

export const rotation: Step = {
  name: "rotation",
  async run({ store, now }, key) {
    const [namespace = "", name = ""] = key.split("/");
    const secretName = registrationSecretName(name);
    if ((await absentAsUndefined(store.get(clusterRegistrationTokens, namespace, name))) === undefined)
      return proceed;
    const at = now().getTime();
    // A wish becomes a rotation with an id first: whatever is repeated after a crash, it is done once.
    const wish = generateNameSuffix(randomBytes);
    const token = await store.modify<ClusterRegistrationToken>(
      clusterRegistrationTokens,
      namespace,
      name,
      (current) => wished(current, wish),
    );
    const fresh = generateTokenSecret(randomBytes);
    const secret = await store.modify<Secret>(secrets, namespace, secretName, (current) => {
      const data = rotated(token, current, { now: at, fresh });
      return data === undefined ? undefined : { ...current, data };
    });
    const times = {
      expiresAt: secretText(secret, "expiresAt"),
      gracePeriodExpiresAt: secretText(secret, "gracePeriodExpiresAt"),
    };
    await store.modify<ClusterRegistrationToken>(clusterRegistrationTokens, namespace, name, (current) =>
      (current.status?.expiresAt ?? "") === times.expiresAt &&
      (current.status?.gracePeriodExpiresAt ?? "") === times.gracePeriodExpiresAt
        ? undefined
        : { ...current, status: { ...current.status, ...times } },
    );
    return proceed;
  },
};

/** When a token is to be rotated, epoch milliseconds; `Infinity`: never by itself. */
export function rotationDue({ spec }: ClusterRegistrationToken, secret: Pick<Secret, "data">): number {
  const lifeMs = (spec.ttl ?? 0) * minuteMs;
  const end = timeOf(secret, "expiresAt");
  return lifeMs <= 0 || end === undefined
    ? Number.POSITIVE_INFINITY
    : end - Math.min(lifeMs * leadShare, maxLeadMs);
}

/** `data` of the Secret after what is due at `now`; `undefined`: nothing is. Pure. */
export function rotated(
  token: ClusterRegistrationToken,
  secret: Pick<Secret, "data">,
  { now, fresh }: { readonly now: number; readonly fresh: string },
): Record<string, string> | undefined {
  const { spec, status } = token;
  const lifeMs = (spec.ttl ?? 0) * minuteMs;
  const old = secret.data?.["token"];
  const wish = status?.rotation ?? "";
  const asked = wish !== "" && wish !== secretText(secret, "rotation");
  const time = (ms: number): string => toBase64(new Date(ms).toISOString());
  if (old === undefined) return undefined;
  if (!asked && now < rotationDue(token, secret)) {
    // Its life begins when it is given one.
    const begins = lifeMs > 0 && timeOf(secret, "expiresAt") === undefined;
    return begins ? { ...secret.data, expiresAt: time(now + lifeMs) } : undefined;
  }
  const graceMs = ((spec.gracePeriod ?? 0) > 0 ? (spec.gracePeriod ?? 0) : defaultGraceMinutes) * minuteMs;
  const { expiresAt: _, ...others } = secret.data ?? {};
  return {
    ...others,
    token: toBase64(fresh),
    previousToken: old,
    gracePeriodExpiresAt: time(now + graceMs),
    ...(wish === "" ? {} : { rotation: toBase64(wish) }),
    ...(lifeMs > 0 ? { expiresAt: time(now + lifeMs) } : {}),
  };
}

/** With a wish turned into the rotation of that id; `undefined`: there is none. */
function wished(token: ClusterRegistrationToken, id: string): ClusterRegistrationToken | undefined {
  const { [rotateAnnotation]: wish, ...annotations } = token.metadata.annotations ?? {};
  if (wish === undefined) return undefined;
  return {
    ...token,
    metadata: { ...token.metadata, annotations },
    status: { ...token.status, rotation: id },
  };
}
