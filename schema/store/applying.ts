/** Server-side apply on the one write path: merge, then what every create and update goes through. */
import { applyConfiguration } from "../apply/apply.ts";
import { conflictCauses, conflictMessage } from "../apply/conflict-message.ts";
import { ApplyError, ConflictError } from "../apply/errors.ts";
import { objectTypeOf } from "../apply/object-type.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { planCreate, planUpdate } from "./admission.ts";
import { authorize } from "./authorize.ts";
import { again, commitPlanned, isRace } from "./committing.ts";
import type { Session } from "./committing.ts";
import type { Applied, ApplyOptions } from "./contract.ts";
import { StoreError, conflict, isStoreError, notFound } from "./errors.ts";
import { timestamp } from "./metadata.ts";
import { requireNamespaces } from "./namespace-lifecycle.ts";

interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** The right to patch has been judged; to create is judged here, where nothing is there yet. */
export function applyObject<T extends KubeObject>(
  session: Session,
  definition: ResourceDefinition<T>,
  place: Place,
  config: Readonly<Record<string, unknown>>,
  options: ApplyOptions,
): Promise<Applied<T>> {
  // A configuration that names the version it was made for is not tried on another.
  const pinned = !namesNoRevision(config);
  return again<Applied<T>, T>(
    session,
    definition,
    async (definition) => {
      const current = await session.reader.get(definition, place.namespace, place.name);
      return current === undefined
        ? { object: await make(session, definition, place, config, options), created: true }
        : { object: await change(session, definition, current, config, options), created: false };
    },
    (error) => isStoreError(error, "AlreadyExists") || (!pinned && isRace(error)),
  );
}

async function make<T extends KubeObject>(
  session: Session,
  definition: ResourceDefinition<T>,
  { namespace, name }: Place,
  config: Readonly<Record<string, unknown>>,
  options: ApplyOptions,
): Promise<T> {
  const { subresource, creatorId, dryRun } = options;
  if (subresource !== undefined) throw notFound(definition, name);
  authorize(session.actor, { verb: "create", definition, namespace, name });
  const { uid, name: given } = metadataOf(config);
  if (given === undefined)
    throw new StoreError(
      "BadRequest",
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  if (typeof uid === "string" && uid !== "")
    throw conflict(
      definition,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  const merged = applied(session, definition, undefined, config, options);
  const object = { ...merged, metadata: { ...merged.metadata, ...(namespace === "" ? {} : { namespace }) } };
  await requireNamespaces(session, [{ action: "create", definition, object }]);
  const planned = await planCreate(session.admission, definition, object, creatorId, true);
  return commitPlanned(session, planned, [], dryRun);
}

async function change<T extends KubeObject>(
  session: Session,
  definition: ResourceDefinition<T>,
  current: T,
  config: Readonly<Record<string, unknown>>,
  options: ApplyOptions,
): Promise<T> {
  const { subresource, dryRun } = options;
  const given = namesNoRevision(config) ? withoutRevision(config) : config;
  const merged = applied(session, definition, current, given, options);
  if (merged.metadata.resourceVersion !== current.metadata.resourceVersion)
    throw conflict(definition, current.metadata.name);
  const planned = await planUpdate(session.admission, definition, current, merged, subresource, true);
  return planned.changesNothing ? current : commitPlanned(session, planned, [], dryRun);
}

function applied<T extends KubeObject>(
  { deps: { now } }: Session,
  definition: ResourceDefinition<T>,
  current: T | undefined,
  config: Readonly<Record<string, unknown>>,
  { manager, force, subresource }: ApplyOptions,
): T {
  try {
    const merged = applyConfiguration({
      type: objectTypeOf(definition),
      live: current as unknown as Readonly<Record<string, unknown>> | undefined,
      config,
      manager,
      force,
      subresource,
      time: timestamp(now()),
    });
    // In metadata, null is as good as absent.
    const metadata = Object.entries(metadataOf(merged)).filter(([, value]) => value !== null);
    return { ...merged, metadata: Object.fromEntries(metadata) } as unknown as T;
  } catch (error) {
    if (error instanceof ApplyError) throw new StoreError("BadRequest", error.message);
    if (error instanceof ConflictError)
      throw new StoreError("Conflict", conflictMessage(error.conflicts), {
        causes: conflictCauses(error.conflicts),
      });
    throw error;
  }
}

/** `0` is any revision, as the empty text is. */
function namesNoRevision(config: Readonly<Record<string, unknown>>): boolean {
  const { resourceVersion } = metadataOf(config);
  return (
    resourceVersion === undefined || resourceVersion === null || ["", "0"].includes(resourceVersion as string)
  );
}

function withoutRevision(config: Readonly<Record<string, unknown>>): typeof config {
  const { resourceVersion: _, ...metadata } = metadataOf(config);
  return { ...config, metadata };
}

function metadataOf({ metadata }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return typeof metadata === "object" && metadata !== null ? { ...metadata } : {};
}
