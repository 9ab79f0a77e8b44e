/** From what a caller wants to what is committed: default, mutate, validate, seal (design 3, "Writing"). */
import { managedFieldsErrors } from "../apply/field-manager.ts";
import { typeGeneration } from "../custom/definition.ts";
import { inAskedVersion, inStoredVersion, isOutdated } from "../custom/reshape.ts";
import type { KubeObject, ObjectMeta } from "../object.ts";
import { copyOf, same } from "../patch/values.ts";
import { apiVersionOf, typeKey } from "../resource.ts";
import type { AdmissionContext, ResourceDefinition } from "../resource.ts";
import { creatorAnnotation, noCreatorRbacAnnotation } from "../resources/creator.ts";
import { asGo, isGoType } from "../resources/go-shape.ts";
import { forbidden } from "../resources/names.ts";
import type { Sealer } from "../seal/sealer.ts";
import { trimEmbedded } from "../structural/embedded.ts";
import { applyDefaults, prune, validate } from "../structural/engine.ts";
import type { FieldError } from "../structural/types.ts";
import type { Actor } from "./authorize.ts";
import { encodeObject, fieldsOf, isStorable, placeOf } from "./encoding.ts";
import type { EncodedObject } from "./encoding.ts";
import { conflict, forbiddenObject, invalidObject } from "./errors.ts";
import {
  changedMetadata,
  hasGeneration,
  metadataErrors,
  movedTimes,
  newMetadata,
  timestamp,
} from "./metadata.ts";
import { ownersAfter, withOwners, withoutOwners } from "./ownership.ts";
import type { Claim } from "./ownership.ts";
import { finalizersFor, isHeld, orphanFinalizer, specFinalizers } from "./propagation.ts";
import type { Propagation } from "./propagation.ts";
import type { Reader } from "./reader.ts";
import type { CommitObject } from "./types.ts";
import { deletionGuards, referenceGuards, typeGuards, uniqueGuards } from "./value-guards.ts";

/** Design 3: a larger object is refused with 422. */
const maxObjectBytes = 1.5 * 1024 * 1024;

export interface Admission {
  readonly actor: Actor;
  readonly reader: Reader;
  readonly sealer: Sealer;
  readonly typeOf: (key: string) => ResourceDefinition | undefined;
  readonly now: () => Date;
  /** Which part of an object the write is for; absent: the object. */
  readonly subresource?: AdmissionContext["subresource"];
  readonly orphans?: AdmissionContext["orphans"];
}

/** One object of a commit, judged. */
export interface Planned<T extends KubeObject = KubeObject> {
  readonly definition: ResourceDefinition<T>;
  readonly commit: CommitObject;
  readonly before: T | undefined;
  /** Without resourceVersion; `undefined` when the object goes. */
  readonly after: T | undefined;
  /** Of an update that lets a deleted object go: as it was updated. */
  readonly last?: T;
  /** An update that would leave everything as it is. */
  readonly changesNothing: boolean;
  readonly subresource?: AdmissionContext["subresource"];
  readonly expect: Readonly<Record<string, number>>;
  readonly raise: readonly string[];
}

export async function planCreate<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  given: T,
  creatorId: string | undefined,
  applied = false,
): Promise<Planned<T>> {
  if (definition.custom?.terminating === true)
    throw forbiddenObject(
      definition,
      given.metadata.name,
      "create not allowed while custom resource definition is terminating",
    );
  const { annotations: { [creatorAnnotation]: _, ...annotations } = {} } = given.metadata;
  if (creatorId !== undefined && !Object.hasOwn(annotations, noCreatorRbacAnnotation))
    annotations[creatorAnnotation] = creatorId;
  const server = { uid: crypto.randomUUID(), now: admission.now() };
  const object = copyOf({
    ...withoutStatus(definition, given),
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: newMetadata(definition, { ...given.metadata, annotations }, server),
  }) as T;
  if (Object.keys(annotations).length === 0) delete object.metadata.annotations;
  const claim = { entries: given.metadata.managedFields, applied };
  return plan(admission, definition, "create", undefined, object, claim);
}

/** What a write changes, where that is not all but the status and `spec.finalizers`. A scale is written as the object is. */
export type WrittenSubresource = "status" | "finalize" | "scale";

/** `wanted` may be any body of the object; the subresource decides which part of it counts. */
export async function planUpdate<T extends KubeObject>(
  given: Admission,
  definition: ResourceDefinition<T>,
  current: T,
  wanted: T,
  subresource: WrittenSubresource | undefined,
  applied = false,
): Promise<Planned<T>> {
  const admission: Admission = subresource === undefined ? given : { ...given, subresource };
  const { uid, name } = current.metadata;
  if (wanted.metadata.uid !== undefined && wanted.metadata.uid !== uid)
    throw conflict(
      definition,
      name,
      `the UID in the precondition (${wanted.metadata.uid}) does not match ${uid ?? ""}`,
    );
  const object = copyOf(withoutOwners(merge(definition, current, wanted, subresource))) as T;
  const writesMetadata = subresource !== "status" || definition.statusMetadata === true;
  refuseLater(definition, current, object, writesMetadata ? wanted.metadata : {});
  const asBefore: Claim = { entries: current.metadata.managedFields, applied: true };
  if (current.metadata.deletionTimestamp !== undefined && !isHeld(definition, object))
    return {
      ...(await plan(admission, definition, "delete", current, undefined)),
      last: withOwners(object, ownersAfter(admission, definition, current, object, asBefore)),
    };
  // Nobody owns what `finalize` takes off or puts on.
  const claim =
    subresource === "finalize" ? asBefore : { entries: wanted.metadata.managedFields, applied, subresource };
  return plan(admission, definition, "update", current, object, claim);
}

/** `undefined`: it is already going, and waits as it did. */
export async function planDelete<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  current: T,
  propagation: Propagation = {},
): Promise<Planned<T> | undefined> {
  const { finalizers: held = [], ...metadata } = current.metadata;
  const { deletionFinalizer: own } = definition;
  const first =
    metadata.deletionTimestamp === undefined && own !== undefined && !held.includes(own) ? [own] : [];
  const finalizers = [...finalizersFor([...held, ...first], propagation)];
  const kept = finalizers.length === 0 ? metadata : { ...metadata, finalizers };
  if (!isHeld(definition, { ...current, metadata: kept }))
    return plan(admission, definition, "delete", current, undefined);
  if (metadata.deletionTimestamp !== undefined && finalizers.join() === held.join()) return undefined;
  const { deletionTimestamp = timestamp(admission.now()) } = metadata;
  // A Namespace stops nothing, and has no time to do so; nor has a type.
  const stops = definition.finalizeSubresource !== true && own === undefined;
  const grace = stops ? { deletionGracePeriodSeconds: 0 } : {};
  const object = { ...current, metadata: { ...kept, deletionTimestamp, ...grace } };
  // Before the rules look around, as everywhere.
  const expect = await generations(admission, [
    ...deletionGuards(definition, current, object),
    ...typeGuards(definition),
  ]);
  const asked: Admission = finalizers.includes(orphanFinalizer) ? { ...admission, orphans: true } : admission;
  await judge(asked, definition, "DELETE", current, current);
  // Who deletes an object owns nothing of it.
  const claim = { entries: metadata.managedFields, applied: true };
  const planned = await plan(admission, definition, "update", current, object, claim);
  return { ...planned, expect: { ...planned.expect, ...expect } };
}

async function plan<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  action: "create" | "update",
  before: T | undefined,
  object: T,
  claim: Claim,
): Promise<Planned<T>>;
async function plan<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  action: "delete",
  before: T,
  object: undefined,
): Promise<Planned<T>>;
async function plan<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  action: "create" | "update" | "delete",
  before: T | undefined,
  wanted: T | undefined,
  claim: Claim = {},
): Promise<Planned<T>> {
  const made = wanted === undefined ? undefined : await mutated(admission, definition, before, wanted, claim);
  const stored = made === undefined ? undefined : inStoredVersion(definition, made);
  const after = stored === undefined || stored === made ? stored : inAskedVersion(definition, stored);
  const subject = after ?? before;
  if (subject === undefined) throw new TypeError("nothing to plan");
  const old = before === undefined ? undefined : { fields: fieldsOf(definition, before) };
  const encoded = stored === undefined ? undefined : encodeObject(definition, stored);
  const values = [
    ...uniqueGuards(definition, old, encoded),
    ...referenceGuards(definition, old, encoded),
    ...deletionGuards(definition, before, after),
    ...typeGuards(definition),
  ];
  const guard = await guards(admission, definition, subject.metadata.name, values);
  const operation = after === undefined ? "DELETE" : before === undefined ? "CREATE" : "UPDATE";
  await judge(admission, definition, operation, made ?? subject, before, encoded);
  const {
    namespace = "",
    name,
    uid = "",
    resourceVersion,
  } = { ...subject.metadata, resourceVersion: before?.metadata.resourceVersion };
  const place = placeOf(definition, { namespace, name, uid });
  return {
    definition,
    before,
    after,
    changesNothing:
      before !== undefined && after !== undefined && isSame(before, after) && !isOutdated(before),
    ...(admission.subresource === undefined ? {} : { subresource: admission.subresource }),
    ...guard,
    commit: {
      type: typeKey(definition),
      namespace,
      name,
      action,
      uid,
      body: encoded?.body ?? "",
      sealed: encoded?.secret == null ? null : await admission.sealer.seal(encoded.secret, place),
      labels: encoded?.labels ?? {},
      fields: encoded?.fields ?? {},
      ...(resourceVersion === undefined ? {} : { expectRevision: Number(resourceVersion) }),
      ...(action === "create" && namespace !== "" ? { inNamespace: true } : {}),
    },
  };
}

/** In any order of members: a merged object has them in the order of who applied it. */
function isSame(before: KubeObject, after: KubeObject): boolean {
  const { resourceVersion } = before.metadata;
  return same(before, { ...after, metadata: { ...after.metadata, resourceVersion } });
}

async function mutated<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  old: T | undefined,
  wanted: T,
  claim: Claim,
): Promise<T> {
  const schema = definition.schema();
  const { apiVersion, kind, metadata, ...rest } = wanted;
  prune(schema, rest);
  if (definition.custom !== undefined) trimEmbedded(schema, rest);
  if (isGoType(definition)) asGo(schema, rest);
  applyDefaults(schema, rest);
  // The rest of T, pruned and defaulted by T's own schema.
  const object = { apiVersion, kind, metadata, ...rest } as unknown as T;
  // Mutation and indexes rely on the schema.
  const errors = [...shapeErrors(definition, object, old), ...managedFieldsErrors(claim.entries)];
  if (errors.length > 0)
    throw invalidObject(definition, metadata.name, [
      ...errors,
      ...(definition.custom?.unchecked(errors) ?? []),
    ]);
  const operation = old === undefined ? "CREATE" : "UPDATE";
  const result = (await definition.mutate?.(contextOf(admission, operation, object, old))) ?? object;
  const owners = ownersAfter(admission, definition, old, result, claim);
  if (old === undefined) return withOwners(result, owners);
  if (!hasGeneration(definition)) {
    const { generation: _, ...plain } = result.metadata;
    return withOwners({ ...result, metadata: plain }, owners, old);
  }
  // Defaults of a version that is not stored are no change: they would be one each time.
  const kept = inAskedVersion(definition, inStoredVersion(definition, result));
  const changed = !same(contentOf(definition, kept), contentOf(definition, old));
  const going = old.metadata.deletionTimestamp !== result.metadata.deletionTimestamp;
  const generation = (old.metadata.generation ?? 1) + (changed || going ? 1 : 0);
  return withOwners({ ...result, metadata: { ...result.metadata, generation } }, owners, old);
}

/** Throws `Invalid` with every problem. `encoded`: the object, unless it goes. */
async function judge<T extends KubeObject>(
  admission: Admission,
  definition: ResourceDefinition<T>,
  operation: "CREATE" | "UPDATE" | "DELETE",
  object: T,
  old: T | undefined,
  encoded?: EncodedObject,
): Promise<void> {
  const errors: FieldError[] = [];
  // Its shape was judged before the type's own mutation, if it has one.
  if (encoded !== undefined && definition.mutate !== undefined)
    errors.push(...shapeErrors(definition, object, old));
  if (encoded !== undefined) errors.push(...encodingErrors(encoded));
  // Rules of the type rely on the schema: they see only what holds to it.
  if (errors.length === 0)
    errors.push(...((await definition.validate?.(contextOf(admission, operation, object, old))) ?? []));
  if (errors.length > 0) throw invalidObject(definition, object.metadata.name, errors);
}

function shapeErrors(definition: ResourceDefinition, object: KubeObject, old?: KubeObject): FieldError[] {
  // A user's schema may have become stricter than what is stored: who changes something else need not clear that up.
  const options = definition.custom === undefined || old === undefined ? {} : { old: membersOf(old) };
  return [
    ...metadataErrors(definition, object),
    ...validate(definition.schema(), membersOf(object), options),
  ];
}

function membersOf({ apiVersion: _a, kind: _k, metadata: _m, ...members }: KubeObject): object {
  return members;
}

function encodingErrors({ body, secret, fields }: EncodedObject): FieldError[] {
  if (!fits(body.length + (secret?.length ?? 0), body))
    return [
      {
        reason: "FieldValueTooLong",
        field: "",
        message: `Too long: may not be more than ${maxObjectBytes} bytes`,
      },
    ];
  return Object.entries(fields)
    .filter(([, values]) => !values.every(isStorable))
    .map(([field]) => ({
      reason: "FieldValueInvalid",
      field,
      message: "Invalid value: must be well-formed Unicode without NUL",
    }));
}

/** A character has at most 3 bytes: most objects need not be encoded to be measured. */
function fits(length: number, body: string): boolean {
  if (length * 3 <= maxObjectBytes) return true;
  return length - body.length + new TextEncoder().encode(body).length <= maxObjectBytes;
}

/** What the write is judged by and raises, besides its own object. `values`: generations of values that it takes. */
async function guards(
  admission: Admission,
  definition: ResourceDefinition,
  name: string,
  values: readonly string[],
): Promise<Pick<Planned, "expect" | "raise">> {
  return {
    expect: { ...definition.custom?.expects, ...(await generations(admission, values)) },
    raise: [
      ...(definition.raises === undefined ? [] : [definition.raises]),
      // Objects of other types need not be judged again.
      ...(definition.raises === "registry" ? [typeGeneration(name)] : []),
      ...values,
    ],
  };
}

async function generations(
  { reader }: Admission,
  names: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const read = names.map(async (name) => [name, await reader.generation(name)] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** What the rules of a type are told. */
export function contextOf<T extends KubeObject>(
  { actor, reader, typeOf, now, subresource, orphans }: Admission,
  operation: AdmissionContext["operation"],
  object: T,
  old: T | undefined,
): AdmissionContext<T> {
  const known = (key: string): ResourceDefinition => {
    const definition = typeOf(key);
    if (definition === undefined) throw new TypeError(`no type ${key} is declared`);
    return definition;
  };
  return {
    operation,
    object,
    ...(old === undefined ? {} : { old }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(orphans === undefined ? {} : { orphans }),
    actor,
    now,
    declared: typeOf,
    lookup: (type, namespace, name) => reader.get(known(type), namespace, name),
    lookupByIndex: async (type, field, value) =>
      (await reader.list(known(type), { index: { field, value } })).items,
  };
}

function merge<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  current: T,
  wanted: T,
  subresource: WrittenSubresource | undefined,
): T {
  const status = (object: T): object => ("status" in object ? { status: object.status } : {});
  const { apiVersion, kind } = current;
  const metadata = changedMetadata(current.metadata, wanted.metadata);
  if (subresource === "status") {
    const kept = definition.statusMetadata === true ? { metadata } : {};
    return { ...withoutStatus(definition, current), ...kept, ...status(wanted) };
  }
  const kept = definition.statusSubresource === true ? status(current) : {};
  const object = { ...withoutStatus(definition, wanted), ...kept, apiVersion, kind, metadata };
  if (definition.finalizeSubresource !== true || subresource === "finalize") return object;
  return withSpecFinalizers(object, specFinalizers(definition, current));
}

function withSpecFinalizers<T extends KubeObject>(object: T, finalizers: readonly string[]): T {
  const { spec = {} } = object as { readonly spec?: object };
  const { finalizers: _, ...rest } = spec as { readonly finalizers?: unknown };
  return { ...object, spec: finalizers.length === 0 ? rest : { ...rest, finalizers } };
}

/** With a status subresource, an ordinary write says nothing about `status`. */
function withoutStatus<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): T {
  if (definition.statusSubresource !== true || !("status" in object)) return object;
  const { status: _, ...rest } = object;
  return rest as unknown as T;
}

/** What `generation` counts changes of. */
function contentOf<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): object {
  const { metadata: _, ...content } = withoutStatus(definition, object);
  const { observations = [] } = definition;
  return observations.length === 0
    ? content
    : Object.fromEntries(Object.entries(content).filter(([member]) => !observations.includes(member)));
}

/** What no update may do: begin or move a deletion, or give an object that goes another finalizer. */
function refuseLater(
  definition: ResourceDefinition,
  current: KubeObject,
  object: KubeObject,
  given: Partial<ObjectMeta>,
): void {
  const errors = movedTimes(current.metadata, given);
  const { deletionTimestamp, finalizers: held = [] } = current.metadata;
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !held.includes(finalizer));
  if (deletionTimestamp !== undefined && added.length > 0)
    errors.push(
      forbidden(
        "metadata.finalizers",
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`,
      ),
    );
  if (errors.length > 0) throw invalidObject(definition, current.metadata.name, errors);
}
