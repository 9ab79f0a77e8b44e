/**
 * The two kinds of tokens as one: `<name>` is a Token of management.cattle.io, `ext/<name>` one of ext.cattle.io, a Secret in
 * `cattle-tokens`. Whoever asks for a token by its name asks here, so that all are judged by the same rules (design 6).
 */
import type { TokenCredential } from "../../schema/auth/token-secret.ts";
import {
  extensionKindLabel,
  extensionTokenKind,
  extensionTokenNamespace,
  extensionUserLabel,
  isExtensionToken,
} from "../../schema/resources/core/extension-tokens.ts";
import { secretText, secrets } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { extensionTokenKindLabel } from "../../schema/resources/ext.cattle.io/rows.ts";
import { seenSecret, tokenOfSecret } from "../../schema/resources/ext.cattle.io/token-rows.ts";
import { tokens as extensionTokens } from "../../schema/resources/ext.cattle.io/tokens.ts";
import { tokens } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { WriteOptions } from "../../schema/store/contract.ts";
import { notFound } from "../../schema/store/errors.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { absentAsUndefined } from "../store/absent.ts";

const prefix = "ext/";

/** How a token is called among all: in `requesttokenid`, too. */
export function fullName({ kind, name }: Pick<TokenCredential, "kind" | "name">): string {
  return kind === "ext" ? `${prefix}${name}` : name;
}

/** The token as one of management.cattle.io, under its full name. `undefined`: there is none. */
export async function readToken(store: BoundStore, name: string): Promise<Token | undefined> {
  if (!name.startsWith(prefix)) return absentAsUndefined(store.get<Token>(tokens, "", name));
  const own = name.slice(prefix.length);
  const secret = await absentAsUndefined(store.get<Secret>(secrets, extensionTokenNamespace, own));
  return secret === undefined ? undefined : asToken(secret);
}

/** As requests to ext.cattle.io name it: either kind by its own name. Throws what reads throw. */
export async function readTokenNamed(store: BoundStore, name: string): Promise<Token | undefined> {
  return (await readToken(store, name)) ?? readToken(store, `${prefix}${name}`);
}

/**
 * Notes when the token's user was last seen. `judge` is given the token as it is, and answers with the time (RFC 3339), or
 * `undefined`: then nothing is written. Answers with the token as it is then. Throws `NotFound`, and what `judge` throws.
 */
export async function noteActivity(
  store: BoundStore,
  fullName: string,
  judge: (token: Token) => string | undefined,
  options: WriteOptions & { readonly verb?: "update" | "patch" } = {},
): Promise<Token> {
  if (!fullName.startsWith(prefix))
    return store.modify<Token>(
      tokens,
      "",
      fullName,
      (token) => {
        const seen = judge(token);
        return seen === undefined ? undefined : { ...token, activityLastSeenAt: seen };
      },
      options,
    );
  const name = fullName.slice(prefix.length);
  const read = (secret: Secret): Token => {
    const token = asToken(secret);
    if (token === undefined) throw notFound(extensionTokens, name);
    return token;
  };
  const change = (secret: Secret): Secret | undefined => {
    const seen = judge(read(secret));
    return seen === undefined ? undefined : seenSecret(secret, seen);
  };
  return read(await store.modify<Secret>(secrets, extensionTokenNamespace, name, change, options));
}

/** Nothing happens where there is none. */
export async function deleteToken(
  store: BoundStore,
  name: string,
  preconditions: { readonly uid?: string } = {},
): Promise<void> {
  const own = name.slice(prefix.length);
  await absentAsUndefined(
    name.startsWith(prefix)
      ? store.delete(secrets, extensionTokenNamespace, own, preconditions)
      : store.delete(tokens, "", name, preconditions),
  );
}

/** Tokens of ext.cattle.io, of one user or of all, as `readToken` gives them. */
export async function listExtensionTokens(store: BoundStore, userId?: string): Promise<Token[]> {
  const labels = {
    [extensionKindLabel]: extensionTokenKind,
    ...(userId === undefined ? {} : { [extensionUserLabel]: userId }),
  };
  const { items } = await store.list<Secret>(secrets, { namespace: extensionTokenNamespace, labels });
  return items.flatMap((secret) => asToken(secret) ?? []);
}

/** `undefined` for a Secret that is no token, or is not in order: nobody has such a one. */
export function asToken(secret: Secret): Token | undefined {
  if (!isExtensionToken(secret)) return undefined;
  const { spec = {}, status = {} } = tokenOfSecret(secret);
  const { userID = "", userPrincipal = {}, kind = "", description = "", ttl = 0, clusterName = "" } = spec;
  const { name, labels } = secret.metadata;
  if (userID === "" || labels?.[extensionUserLabel] !== userID) return undefined;
  return {
    apiVersion: "management.cattle.io/v3",
    kind: "Token",
    metadata: {
      ...secret.metadata,
      name: `${prefix}${name}`,
      // The sealed part says what it is; a label is anybody's who may write labels.
      labels: { [extensionTokenKindLabel]: kind },
    },
    token: secretText(secret, "hash"),
    userId: userID,
    userPrincipal: userPrincipal.name ?? "",
    authProvider: userPrincipal.provider ?? "",
    // There 0 is at once, here it is never.
    ttl: ttl === 0 ? 1 : Math.max(ttl, 0),
    isDerived: kind !== "session",
    description,
    enabled: spec.enabled === true,
    ...(clusterName === "" ? {} : { clusterName }),
    ...(status.lastActivitySeen === undefined ? {} : { activityLastSeenAt: status.lastActivitySeen }),
  };
}
