/** Server-side apply (apimachinery `FieldManager.Apply`): a configuration, a live object, and who owns what. Pure. */
import { isObject, setMember } from "../patch/values.ts";
import { maxDepth, nestsDeeperThan } from "../structural/json.ts";
import { compare } from "./compare.ts";
import { ApplyError, ConflictError, TypedError } from "./errors.ts";
import { goJson } from "../structural/go-format.ts";
import { decodeManaged, encodeManaged, managerId } from "./managers.ts";
import type { Managed } from "./managers.ts";
import { stripped } from "./object-type.ts";
import type { ObjectType } from "./object-type.ts";
import { toFieldSet } from "./to-field-set.ts";
import { entriesOf, managedAfterUpdate, typed, versionsOf } from "./update.ts";
import type { Json } from "./update.ts";
import { applyConfig } from "./updater.ts";
import type { Typed } from "./updater.ts";
import { difference, hasPath } from "./field-set.ts";
import type { FieldSet } from "./field-set.ts";
import { checkTyped } from "./validate-typed.ts";

export interface ApplyRequest {
  readonly type: ObjectType;
  /** Absent where the apply creates the object. */
  readonly live: Json | undefined;
  /** What the manager wants to own, with its values. */
  readonly config: Json;
  readonly manager: string;
  readonly force: boolean;
  readonly subresource?: string | undefined;
  /** RFC 3339 in whole seconds. */
  readonly time: string;
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
/** The manager of `kubectl apply --server-side`, which takes over what `kubectl apply` did before. */
const kubectl = "kubectl";
/** Who owns what was there before the first apply to an object that had no managedFields. */
const beforeFirstApply = "before-first-apply";
const maxAnnotationBytes = 256 * 1024;

/**
 * The object as it shall be, metadata.managedFields included; defaults are the caller's. Throws ApplyError for a
 * configuration that does not fit the type, ConflictError.
 */
export function applyConfiguration(request: ApplyRequest): Json {
  const { type, config, manager, force, subresource, time } = request;
  checkEnvelope(type, config);
  const live = request.live ?? { apiVersion: type.apiVersion, kind: type.kind };
  const old = typed(type, live);
  if (old === undefined) throw new ApplyError(`no schema is known for ${type.apiVersion}, ${type.kind}`);
  if (nestsDeeperThan(config, maxDepth))
    throw new ApplyError(`the configuration must not nest deeper than ${maxDepth}`);
  const wanted = { ...old, value: config };
  judged(() => checkTyped(wanted.atom, config), `failed to create typed patch object (${nameOf(config)})`);
  const managed = trackedBefore(request, old);
  const id = managerId({ manager, operation: "Apply", subresource });
  const versions = versionsOf(type, subresource);
  const run = (forced: boolean): ReturnType<typeof applyConfig> =>
    judged(
      () => applyConfig(versions, old, wanted, managed.fields, id, forced),
      "failed to merge the configuration",
    );
  const { value, managers } = withoutClientSideConflicts(manager, force, run, old);
  const own = managers.get(id);
  const set = own && stripped(own.set);
  if (own !== undefined && set !== undefined && set.size > 0) managers.set(id, { ...own, set });
  else managers.delete(id);
  if (value !== undefined) managed.times.set(id, time);
  const object = (value ?? old.value) as Json;
  const entries = encodeManaged({ fields: managers, times: managed.times });
  const metadata = { ...(isObject(object["metadata"]) ? object["metadata"] : {}) };
  if (entries !== undefined) metadata["managedFields"] = entries;
  return withLastApplied(manager, { ...object, metadata }, config);
}

function checkEnvelope({ apiVersion, kind }: ObjectType, config: Json): void {
  if (config["apiVersion"] !== apiVersion || config["kind"] !== kind)
    throw new ApplyError(`invalid object type: ${kindText(config)}`);
  if (Array.isArray(entriesOf(config))) throw new ApplyError("metadata.managedFields must be nil");
}

/** Group, version and kind as Go prints them: `/v1, Kind=ConfigMap`. */
function kindText({ apiVersion, kind }: Json): string {
  const version = shown(apiVersion);
  return `${version.includes("/") ? version : `/${version}`}, Kind=${shown(kind)}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function nameOf(config: Json): string {
  const metadata = isObject(config["metadata"]) ? config["metadata"] : {};
  return `${shown(metadata["namespace"])}/${shown(metadata["name"])}; ${kindText(config)}`;
}

function judged<T>(run: () => T, what: string): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypedError) throw new ApplyError(`${what}: ${error.message}`);
    throw error;
  }
}

/** Owners of the live object; what nobody is known to own becomes that of `before-first-apply`. */
function trackedBefore({ type, live, subresource, time }: ApplyRequest, old: Typed): Managed {
  let managed: Managed;
  try {
    managed = decodeManaged(entriesOf(live));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new ApplyError(`failed to decode managed fields: ${error.message}`);
    throw error;
  }
  if (managed.fields.size > 0) return managed;
  const empty = { ...old, value: { apiVersion: type.apiVersion, kind: type.kind } };
  return judged(
    () => managedAfterUpdate({ type, manager: beforeFirstApply, subresource, time }, empty, old, managed),
    "failed to create manager for existing fields",
  );
}

/** What `kubectl apply` wrote before and nobody has changed since, kubectl may take over without force. */
function withoutClientSideConflicts<T>(
  manager: string,
  force: boolean,
  run: (force: boolean) => T,
  live: Typed,
): T {
  try {
    return run(force);
  } catch (error) {
    if (!(error instanceof ConflictError) || manager !== kubectl) throw error;
    const allowed = clientSideFields(live);
    if (allowed === undefined) throw error;
    const left = error.conflicts.filter(({ elements }) => !hasPath(allowed, elements));
    if (left.length > 0) throw new ConflictError(left);
    return run(true);
  }
}

/** Fields of the last-applied annotation that are still as it says. */
function clientSideFields({ atom, value, apiVersion }: Typed): FieldSet | undefined {
  const text = annotationsOf(value)?.[lastApplied];
  if (typeof text !== "string" || text === "") return undefined;
  try {
    const applied: unknown = JSON.parse(text);
    if (!isObject(applied) || applied["apiVersion"] !== apiVersion) return undefined;
    checkTyped(atom, value);
    checkTyped(atom, applied);
    const { removed, modified, added } = compare(atom, applied, value);
    return difference(difference(difference(toFieldSet(atom, applied), modified), added), removed);
  } catch (error) {
    if (error instanceof TypedError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `kubectl apply` without `--server-side` would go by the annotation: kubectl's applies keep it current. */
function withLastApplied(manager: string, object: Json, config: Json): Json {
  const annotations = annotationsOf(object);
  if (manager !== kubectl || annotations === undefined || (annotations[lastApplied] ?? "") === "")
    return object;
  const own = annotationsOf(config);
  let source = config;
  if (own !== undefined) {
    const { [lastApplied]: _, ...others } = own;
    source = { ...config, metadata: { ...(config["metadata"] as object), annotations: others } };
  }
  const changed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(annotations)) setMember(changed, key, value);
  changed[lastApplied] = `${goJson(source)}\n`;
  const bytes = Object.entries(changed).reduce(
    (sum, [key, value]) => sum + key.length + String(value).length,
    0,
  );
  if (bytes > maxAnnotationBytes) delete changed[lastApplied];
  return { ...object, metadata: { ...(object["metadata"] as object), annotations: changed } };
}

function annotationsOf(object: unknown): Readonly<Record<string, unknown>> | undefined {
  const metadata = isObject(object) ? object["metadata"] : undefined;
  const annotations = isObject(metadata) ? metadata["annotations"] : undefined;
  return isObject(annotations) ? annotations : undefined;
}
