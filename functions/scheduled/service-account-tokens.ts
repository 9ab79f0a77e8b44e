/**
 * Secrets of type `kubernetes.io/service-account-token` (controllers.md 6.1): filled with a token that lives as long as the
 * Secret, and deleted with their ServiceAccount. As in Kubernetes such a Secret is made by hand, never by us.
 *
 * Keys: `secret/<namespace>/<name>`, `account/<namespace>/<name>`, `reference/<namespace>/<account>/<secret>` of a Secret
 * that is gone, and `all` when the CA has changed.
 */
import type { KubeObject } from "../../schema/object.ts";
import { typeKey } from "../../schema/resource.ts";
import {
  accountNameAnnotation,
  accountUidAnnotation,
  serviceAccountTokenType,
} from "../../schema/resources/core/secret-types.ts";
import { secrets, secretText, toBase64 } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { serviceAccounts } from "../../schema/resources/core/service-accounts.ts";
import type { ServiceAccount } from "../../schema/resources/core/service-accounts.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import { legacyPayload } from "../identity/service-accounts/claims.ts";
import { signerOf } from "../identity/service-accounts/signer-of.ts";
import { createSettings } from "../settings/settings.ts";
import { absentAsUndefined } from "../store/absent.ts";
import { stop } from "./controller.ts";
import type { Controller, ReconcileContext, StepResult } from "./controller.ts";

export const serviceAccountTokens: Controller = {
  name: "service-account-tokens",
  watches: [
    { type: typeKey(secrets), keys: secretKeys },
    {
      type: typeKey(serviceAccounts),
      keys: (before, after) =>
        after === undefined && before !== undefined ? [`account/${placeOf(before)}`] : [],
    },
    {
      type: typeKey(settings),
      keys: (before, after) =>
        after?.metadata.name === "cacerts" && caChanged(before, after) ? ["all"] : [],
    },
  ],
  steps: [
    {
      name: "token-secret",
      run(context, key) {
        const [what, namespace = "", name = "", secret = ""] = key.split("/");
        switch (what) {
          case "secret":
            return converge(context, namespace, name);
          case "account":
            return convergeAll(context, `${namespace}/${name}`);
          case "reference":
            return dropReference(context, namespace, name, secret);
          default:
            return convergeAll(context, "*");
        }
      },
    },
  ],
};

function secretKeys(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
  const old: Secret | undefined = before;
  const next: Secret | undefined = after;
  if ((next ?? old)?.type !== serviceAccountTokenType) return [];
  if (next === undefined)
    return old === undefined || accountOf(old) === ""
      ? []
      : [`reference/${old.metadata.namespace ?? ""}/${accountOf(old)}/${old.metadata.name}`];
  const isComplete =
    secretText(next, "token") !== "" && secretText(next, "namespace") !== "" && uidOf(next) !== "";
  const isSame =
    old !== undefined &&
    accountOf(old) === accountOf(next) &&
    (uidOf(old) === uidOf(next) || uidOf(old) === "") &&
    (old.data?.["ca.crt"] === next.data?.["ca.crt"] || old.data?.["ca.crt"] === undefined);
  return isComplete && isSame ? [] : [`secret/${placeOf(next)}`];
}

function caChanged(before: KubeObject | undefined, after: KubeObject): boolean {
  const caOf = (object: KubeObject | undefined): string => {
    const { value = "", default: standard = "" } = (object ?? {}) as Partial<Setting>;
    return value === "" ? standard : value;
  };
  return caOf(before) !== caOf(after);
}

/** All Secrets of one account (`<namespace>/<name>`), or of all (`*`). */
async function convergeAll(context: ReconcileContext, account: string): Promise<StepResult> {
  const index = { field: "serviceAccount", value: account };
  const { items } = await context.store.list<Secret>(secrets, { index });
  for (const { metadata } of items) await converge(context, metadata.namespace ?? "", metadata.name);
  return stop;
}

async function converge(context: ReconcileContext, namespace: string, name: string): Promise<StepResult> {
  const { store } = context;
  const secret = await absentAsUndefined(store.get<Secret>(secrets, namespace, name));
  if (secret?.type !== serviceAccountTokenType || secret.metadata.deletionTimestamp !== undefined)
    return stop;
  const account = await absentAsUndefined(store.get(serviceAccounts, namespace, accountOf(secret)));
  const uid = account?.metadata.uid ?? "";
  if (uid === "" || (uidOf(secret) !== "" && uidOf(secret) !== uid)) {
    await removeSecret(context, secret);
    return stop;
  }
  // Nobody can fill it any more: not Kubernetes either.
  if (secret.immutable === true) return stop;
  const ca = await createSettings(context.env, () => store).get("cacerts");
  if (filled(secret, uid, ca, "") === undefined) return stop;
  const payload = legacyPayload(namespace, name, { name: accountOf(secret), uid });
  const token = await signerOf(context.env).sign(payload, { issuer: undefined, expiresAt: null });
  await absentAsUndefined(
    store.modify<Secret>(secrets, namespace, name, (current) =>
      current.metadata.uid === secret.metadata.uid ? filled(current, uid, ca, token) : undefined,
    ),
  );
  return stop;
}

/** The Secret with all that it lacks; `undefined` where nothing is missing. `token` is used where there is none. */
function filled(secret: Secret, uid: string, ca: string, token: string): Secret | undefined {
  const { namespace = "", annotations } = secret.metadata;
  const lacks = (key: string): boolean => secretText(secret, key) === "";
  const added = {
    ...(ca !== "" && secretText(secret, "ca.crt") !== `${ca}\n` ? { "ca.crt": toBase64(`${ca}\n`) } : {}),
    ...(lacks("namespace") ? { namespace: toBase64(namespace) } : {}),
    ...(lacks("token") ? { token: toBase64(token) } : {}),
  };
  if (Object.keys(added).length === 0 && uidOf(secret) === uid) return undefined;
  return {
    ...secret,
    data: { ...secret.data, ...added },
    metadata: { ...secret.metadata, annotations: { ...annotations, [accountUidAnnotation]: uid } },
  };
}

async function removeSecret({ store }: ReconcileContext, { metadata }: Secret): Promise<void> {
  const { namespace = "", name, uid = "" } = metadata;
  try {
    await store.delete(secrets, namespace, name, { uid });
  } catch (error) {
    // Gone, or another one by now.
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
  }
}

/** A ServiceAccount lists no Secret that is gone. */
async function dropReference(
  { store }: ReconcileContext,
  namespace: string,
  account: string,
  secret: string,
): Promise<StepResult> {
  const isBack = await absentAsUndefined(store.get(secrets, namespace, secret));
  if (isBack !== undefined) return stop;
  await absentAsUndefined(
    store.modify<ServiceAccount>(serviceAccounts, namespace, account, (current) => {
      const kept = (current.secrets ?? []).filter(({ name }) => name !== secret);
      return kept.length === (current.secrets ?? []).length ? undefined : { ...current, secrets: kept };
    }),
  );
  return stop;
}

function placeOf({ metadata: { namespace = "", name } }: KubeObject): string {
  return `${namespace}/${name}`;
}

function accountOf({ metadata }: Secret): string {
  return metadata.annotations?.[accountNameAnnotation] ?? "";
}

function uidOf({ metadata }: Secret): string {
  return metadata.annotations?.[accountUidAnnotation] ?? "";
}
