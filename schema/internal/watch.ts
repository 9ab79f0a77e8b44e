/** A watch on one type, as it crosses from the API Worker to a `WatchFanout` in the internal context header. */
import type { KubeObject } from "../object.ts";
import type { LogEvent } from "../store/log.ts";
import { headerJson } from "./context.ts";

export interface WatchContext {
  readonly v: 1;
  readonly op: "watch";
  /** `typeKey()`: the fan-out must be one of this type. */
  readonly type: string;
  /** For bookmarks: `management.cattle.io/v3` and `Cluster`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Query texts that the Worker has found to be valid. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Every event after this revision is sent. */
  readonly after: number;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  /** Lines of objects that have a sealed part carry it, with what is needed to open it (`SealedWatchLine`). */
  readonly sealedToo: boolean;
  /** By whose rights: judged by the API Worker alone, which wrote it (`judgeWatches`). Absent: for as long as it lasts. */
  readonly grant?: string;
  /** The front may go on with it by itself, and knows it by this. */
  readonly relay?: string;
}

/** Types whose every change may take rights away: those that raise the generation `rbac`. */
const rightsTypes: readonly string[] = [
  "clusterrolebindings.rbac.authorization.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
  "globalrolebindings.management.cattle.io",
  "globalroles.management.cattle.io",
  "rolebindings.rbac.authorization.k8s.io",
  "roles.rbac.authorization.k8s.io",
  "users.management.cattle.io",
];
/** Credentials: a new one takes nothing away. Secrets end with their service accounts' tokens. */
const tokensType = "tokens.management.cattle.io";
const credentialTypes: readonly string[] = ["secrets", "serviceaccounts", tokensType];

/**
 * Whether watches that are open may be somebody's no longer after this change. A token whose generation is the same was
 * seen to be used (`observations`): its secret, which cannot be read here, is the same too.
 */
export function changesRights({
  type,
  kind,
  body = null,
  before = null,
}: Pick<LogEvent, "type" | "kind"> & Partial<Pick<LogEvent, "body" | "before">>): boolean {
  if (rightsTypes.includes(type)) return true;
  if (kind === "ADDED" || !credentialTypes.includes(type)) return false;
  const generation = kind === "MODIFIED" && type === tokensType ? generationOf(body) : undefined;
  return generation === undefined || generation !== generationOf(before);
}

function generationOf(body: string | null): number | undefined {
  const { metadata } = JSON.parse(body ?? "{}") as Partial<KubeObject>;
  return metadata?.generation;
}

const definitionsType = "customresourcedefinitions.apiextensions.k8s.io";

/**
 * The type that is another one, or none, after this change: a CustomResourceDefinition has another `spec`, or has gone.
 * `undefined`: none.
 */
export function redefinedType({
  type,
  name,
  kind,
  body,
  before,
}: Pick<LogEvent, "type" | "name" | "kind" | "body" | "before">): string | undefined {
  if (type !== definitionsType || kind === "ADDED") return undefined;
  return kind === "DELETED" || specOf(body) !== specOf(before) ? name : undefined;
}

function specOf(body: string | null): string | undefined {
  const { spec } = JSON.parse(body ?? "{}") as { readonly spec?: unknown };
  return JSON.stringify(spec);
}

/** One line of the answer, before the Worker has opened it. `BOOKMARK` and `ERROR` never carry a sealed part. */
export interface SealedWatchLine {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: unknown;
  readonly sealed?: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** The object that serves watches of `type`: the `shard`-th, from 0; the next one where that answers 503. */
export function fanoutName(type: string, shard: number): string {
  return `${type}#${shard}`;
}

/** The type of a fan-out; a type's key has no `#`. */
export function fanoutType(name: string): string {
  return name.slice(0, name.lastIndexOf("#"));
}

export function encodeWatch(context: WatchContext): string {
  return headerJson(context);
}

/** `undefined` for anything but a watch of a version that we know: the caller answers 400 and does nothing. */
export function decodeWatch(value: string | null): WatchContext | undefined {
  if (value === null) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return undefined;
  }
  return isWatch(parsed) ? parsed : undefined;
}

function isWatch(value: unknown): value is WatchContext {
  if (typeof value !== "object" || value === null) return false;
  const watch = value as Readonly<Record<keyof WatchContext, unknown>>;
  return (
    watch.v === 1 &&
    watch.op === "watch" &&
    [watch.type, watch.apiVersion, watch.kind].every((text) => typeof text === "string") &&
    [watch.namespace, watch.name, watch.labelSelector, watch.fieldSelector, watch.grant, watch.relay].every(
      (text) => text === undefined || typeof text === "string",
    ) &&
    [watch.after, watch.timeoutMs].every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    [watch.bookmarks, watch.sealedToo].every((flag) => typeof flag === "boolean")
  );
}
