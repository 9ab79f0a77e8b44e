/** Between a Token of ext.cattle.io and the Secret that holds it (auth.md 3.7). Pure; total, for Secrets come from elsewhere too. */
import type { ObjectMeta } from "../../object.ts";
import { extensionKindLabel, extensionTokenKind, extensionUserLabel } from "../core/extension-tokens.ts";
import { secretText, toBase64 } from "../core/secrets.ts";
import type { Secret } from "../core/secrets.ts";
import {
  appliedMetadata,
  extensionTokenKindLabel,
  newRowMetadata,
  rowMetadata,
  shownMetadata,
  timestamp,
} from "./rows.ts";
import type { ExtensionToken } from "./tokens.ts";

const lastDate = 8.64e15;

/** Keys of the Secret's data by members of `spec`; a client may change the first three. */
export const changeable = { description: "description", enabled: "enabled", ttl: "ttl" } as const;
const storedMembers: Readonly<Record<string, string>> = {
  ...changeable,
  kind: "kind",
  userID: "user-id",
  userPrincipal: "principal",
  clusterName: "cluster",
};

/** Keys of the Secret's data that say what was seen of the token, not what it opens. */
export const observedKeys: readonly string[] = ["last-used-at", "last-activity-seen"];

type Spec = NonNullable<ExtensionToken["spec"]>;

/** Milliseconds from creation, below 0: never. What cannot be read has expired. */
export function ttlOfSecret(secret: Pick<Secret, "data">): number {
  const text = secretText(secret, "ttl");
  return /^-?\d{1,16}$/.test(text) ? Number(text) : 0;
}

/** Without the hash, which nobody is shown. */
export function tokenOfSecret(secret: Secret, now = Date.now()): ExtensionToken {
  const metadata = shownMetadata(secret.metadata, storedMembers);
  const text = (key: string): string => secretText(secret, key);
  const ttl = ttlOfSecret(secret);
  const created = Date.parse(metadata.creationTimestamp ?? "");
  const expiry = ttl < 0 ? undefined : Math.min((Number.isFinite(created) ? created : 0) + ttl, lastDate);
  const times = { lastUsedAt: text("last-used-at"), lastActivitySeen: text("last-activity-seen") };
  return {
    apiVersion: "ext.cattle.io/v1",
    kind: "Token",
    metadata,
    spec: {
      userID: text("user-id"),
      userPrincipal: principalOf(text("principal")),
      kind: text("kind"),
      ...(text("description") === "" ? {} : { description: text("description") }),
      ttl,
      enabled: text("enabled") === "true",
      ...(text("cluster") === "" ? {} : { clusterName: text("cluster") }),
    },
    status: {
      current: false,
      expired: expiry !== undefined && now >= expiry,
      expiresAt: expiry === undefined ? "" : timestamp(new Date(expiry)),
      lastUpdateTime: text("last-update-time"),
      ...Object.fromEntries(Object.entries(times).filter(([, time]) => time !== "")),
    },
  };
}

/** The Secret of a new token. `name` has been chosen. */
export function secretOfToken(
  { metadata, spec = {} }: ExtensionToken,
  {
    name,
    hash,
    labels = {},
    now,
  }: {
    readonly name: string;
    readonly hash: string;
    /** The server's own, besides those of every token. */
    readonly labels?: Readonly<Record<string, string>>;
    readonly now: Date;
  },
): Secret {
  const { userID = "", userPrincipal = {}, kind = "", description = "", ttl = 0, enabled = true } = spec;
  const data = {
    "user-id": userID,
    // Where the row's uid would be another one: in a server that tells the two apart.
    "kube-uid": crypto.randomUUID(),
    kind,
    cluster: spec.clusterName ?? "",
    description,
    enabled: String(enabled),
    ttl: String(ttl),
    hash,
    principal: JSON.stringify(userPrincipal),
    "last-update-time": timestamp(now),
    "last-used-at": "",
    "last-activity-seen": "",
  };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: newRowMetadata(metadata, name, {
      ...labels,
      [extensionKindLabel]: extensionTokenKind,
      [extensionUserLabel]: userID,
      [extensionTokenKindLabel]: kind,
    }),
    type: "Opaque",
    data: encoded(data),
  };
}

/** The Secret after a change of the token; `wanted` has been judged. */
export function changedSecret(current: Secret, { metadata, spec = {} }: ExtensionToken, now: Date): Secret {
  const data = { ...current.data, ...changedData(spec) };
  const same = JSON.stringify(data) === JSON.stringify(current.data);
  return {
    ...current,
    metadata: rowMetadata(current.metadata, metadata),
    data: same ? data : { ...data, ...encoded({ "last-update-time": timestamp(now) }) },
  };
}

/** The Secret after its user was seen. `seen`: RFC 3339. */
export function seenSecret(current: Secret, seen: string): Secret {
  return { ...current, data: { ...current.data, ...encoded({ "last-activity-seen": seen }) } };
}

/** What of a configuration that somebody applies is his to say. */
export function appliedSecret(
  row: ObjectMeta,
  { metadata, spec = {} }: { readonly metadata: Partial<ObjectMeta>; readonly spec?: Partial<Spec> },
): Record<string, unknown> {
  const data = changedData(spec);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: appliedMetadata(row, metadata),
    ...(Object.keys(data).length === 0 ? {} : { data }),
  };
}

function changedData(spec: Partial<Spec>): Record<string, string> {
  return encoded(
    Object.fromEntries(
      Object.entries(changeable).flatMap(([member, key]) =>
        spec[member as keyof typeof changeable] === undefined
          ? []
          : [[key, String(spec[member as keyof typeof changeable])]],
      ),
    ),
  );
}

function encoded(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, toBase64(text)]));
}

function principalOf(text: string): NonNullable<Spec["userPrincipal"]> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}
