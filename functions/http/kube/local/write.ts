/** create, update, patch, delete and deletecollection, each through the store's one write path. */
import type { KubeObject, ObjectMeta } from "../../../../schema/object.ts";
import { apiVersionOf, isKubernetesType } from "../../../../schema/resource.ts";
import { asGo } from "../../../../schema/resources/go-shape.ts";
import { objectMetaSchema } from "../../../../schema/resources/object-meta.ts";
import { invalid } from "../../../../schema/resources/names.ts";
import { conflict, invalidObject } from "../../../../schema/store/errors.ts";
import { isHeld } from "../../../../schema/store/propagation.ts";
import { unless } from "../../../store/absent.ts";
import { ApiError } from "../../errors.ts";
import { answerDeleted, answerList, answerObject } from "./answer.ts";
import { nameOf, subresourceOf } from "./call.ts";
import type { Call } from "./call.ts";
import { decodeBody, requireName, requireType } from "./decode-body.ts";
import { readDeleteOptions } from "./delete-options.ts";
import { encodeContinue, parseListOptions } from "./list-options.ts";
import { apply } from "./apply.ts";
import { applyPatch, readPatch } from "./patch.ts";
import { listHead } from "./read.ts";
import { mediaType, readObject } from "./request-body.ts";
import { selectionOf } from "./selection.ts";
import { finalizerWarnings, ofPatch } from "./unreadable.ts";
import { fieldWarnings, parseWriteQuery } from "./write-options.ts";
import type { FieldValidation } from "./write-options.ts";

export async function create(call: Call): Promise<Response> {
  const { definition, store, identity } = call;
  if (call.info.name !== undefined)
    throw new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource");
  const { dryRun, fieldValidation } = parseWriteQuery(call.query, "CreateOptions");
  const object = await readWritten(call, fieldValidation);
  if (!["", "0"].includes(object.metadata.resourceVersion ?? ""))
    throw new ApiError("BadRequest", "resourceVersion should not be set on objects to be created");
  const made = await store.create(definition, object, {
    dryRun,
    // Rancher's webhook notes the creator of its own types (auth.md 7.8).
    ...(definition.norman === undefined ? {} : { creatorId: identity.userId }),
  });
  return answerObject(call, made, 201);
}

export async function update(call: Call): Promise<Response> {
  const { definition, store } = call;
  const { dryRun, fieldValidation } = parseWriteQuery(call.query, "UpdateOptions");
  const name = nameOf(call);
  const object = await readWritten(call, fieldValidation);
  requireName(object.metadata.name, name);
  const blind = ["", "0"].includes(object.metadata.resourceVersion ?? "");
  if (blind) delete object.metadata.resourceVersion;
  const { subresource } = subresourceOf(call);
  const creates = definition.createOnUpdate === true && subresource === undefined;
  // A revision says nothing of what is not there, a uid does.
  const make = (): Promise<KubeObject> => {
    const { uid, resourceVersion: _, ...metadata } = object.metadata;
    if (uid !== undefined && uid !== "")
      throw conflict(definition, name, `the UID in the precondition (${uid}) is that of no object`);
    return store.create(definition, { ...object, metadata }, { dryRun });
  };
  if (blind && isConditional(definition)) {
    if (!creates) return refuseBlind(call, name);
    const made = await unless("AlreadyExists", make());
    if (made === undefined) throw invalidUpdate(call, name);
    return answerObject(call, made, 201);
  }
  const updating = store.update(definition, object, {
    ...(subresource === undefined ? {} : { subresource }),
    dryRun,
  });
  const updated = await (creates ? unless("NotFound", updating) : updating);
  if (updated !== undefined) return answerObject(call, updated);
  return answerObject(call, await make(), 201);
}

/** Whether there is such an object comes first, as in Kubernetes. Throws `NotFound`, else `Invalid`. */
function refuseBlind(call: Call, name: string): Promise<never> {
  const { definition, store, namespace } = call;
  const refuse = (): never => {
    throw invalidUpdate(call, name);
  };
  return store.modify(definition, namespace, name, refuse, subresourceOf(call)) as Promise<never>;
}

/** Types of Kubernetes' own may be written without having been read, but for those that say otherwise. */
function isConditional(definition: Call["definition"]): boolean {
  return definition.conditionalUpdate ?? !isKubernetesType(definition);
}

export async function patch(call: Call): Promise<Response> {
  if (mediaType(call.c.req.raw) === applyPatch) return apply(call);
  const { definition, store, namespace } = call;
  const { dryRun, fieldValidation } = parseWriteQuery(call.query, "PatchOptions");
  const name = nameOf(call);
  const { apply: applied, duplicates, unknown } = await readPatch(call);
  let warnings: string[] = [];
  const changed = await store.modify(
    definition,
    namespace,
    name,
    (current) => {
      const patched = applied(current);
      const object = ofPatch(() => {
        decodeBody(definition, patched);
        warnings = fieldWarnings(definition, patched, duplicates, fieldValidation, unknown);
        return envelopeOf(call, patched);
      });
      requireName(object.metadata.name, name);
      const { uid } = object.metadata;
      if (uid !== undefined && uid !== current.metadata.uid)
        throw invalidObject(definition, name, [invalid("metadata.uid", uid, "field is immutable")]);
      return object;
    },
    { ...subresourceOf(call), dryRun, verb: "patch" },
  );
  call.warnings.push(...warnings);
  return answerObject(call, changed);
}

export async function remove(call: Call): Promise<Response> {
  const { definition, store, namespace } = call;
  if (call.info.subresource !== undefined)
    throw new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource");
  const options = await readDeleteOptions(call.c.req.raw, call.query);
  const last = await store.delete(definition, namespace, nameOf(call), options);
  const waits = last.metadata.deletionTimestamp !== undefined && isHeld(definition, last);
  if (!waits) return answerDeleted(call, last);
  // Kubernetes' way to say that a deletion asked for in the older way is under way.
  return answerObject(call, last, options.orphanDependents === false ? 202 : 200);
}

export async function removeCollection(call: Call): Promise<Response> {
  const { definition, store } = call;
  const list = parseListOptions(call.query, definition, false);
  const options = await readDeleteOptions(call.c.req.raw, call.query);
  const { limit, from } = list;
  const { items, next } = await store.deleteCollection(
    definition,
    {
      ...selectionOf(call, list),
      ...(limit === undefined ? {} : { limit }),
      ...(from === undefined ? {} : { at: from.revision, after: from.key }),
    },
    options,
  );
  const { revision } = await store.texts.revision();
  const metadata = {
    resourceVersion: String(revision),
    ...(next === undefined ? {} : { continue: encodeContinue(next) }),
  };
  return answerList(call, listHead(call), metadata, items);
}

/** The object of a body, checked against the path. */
async function readWritten(call: Call, fieldValidation: FieldValidation): Promise<KubeObject> {
  const { c, definition, warnings } = call;
  const { value, duplicates } = await readObject(c.req.raw, { custom: definition.custom !== undefined });
  decodeBody(definition, value);
  warnings.push(...fieldWarnings(definition, value, duplicates, fieldValidation));
  const object = envelopeOf(call, value);
  warnings.push(...finalizerWarnings(definition, object));
  return object;
}

/** Throws `BadRequest` where kind, version or namespace are not those of the request. */
function envelopeOf({ definition, namespace }: Call, value: Record<string, unknown>): KubeObject {
  requireType(definition, value);
  // Who owns nothing says so by an empty list.
  const { managedFields, ...rest } = (value["metadata"] ?? {}) as Partial<ObjectMeta>;
  asGo(objectMetaSchema(), rest);
  // Names may be missing: `metadataErrors` judges that.
  const given: ObjectMeta = { name: "", ...rest, ...(managedFields === undefined ? {} : { managedFields }) };
  const { namespace: own = "", ...placeless } = given;
  // What has no namespace may have said one: manifests do, and kube-apiserver drops it.
  if (own !== "" && namespace !== "" && own !== namespace)
    throw new ApiError(
      "BadRequest",
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  return {
    ...(value as unknown as KubeObject),
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { ...placeless, ...(namespace === "" ? {} : { namespace }) },
  };
}

function invalidUpdate({ definition }: Call, name: string): ApiError {
  const message = "Invalid value: 0: must be specified for an update";
  return new ApiError(
    "Invalid",
    `${definition.plural}.${definition.group} "${name}" is invalid: metadata.resourceVersion: ${message}`,
    {
      causes: [{ reason: "FieldValueInvalid", field: "metadata.resourceVersion", message }],
      subject: { definition: { ...definition, kind: definition.plural }, name },
    },
  );
}
