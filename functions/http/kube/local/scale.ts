/** `/scale` of types that have one: get, update and patch of how many replicas an object wants. */
import type { KubeObject } from "../../../../schema/object.ts";
import { typeKey } from "../../../../schema/resource.ts";
import type { ScaleSubresource } from "../../../../schema/resource.ts";
import { invalid } from "../../../../schema/resources/names.ts";
import { invalidObject } from "../../../../schema/store/errors.ts";
import { ApiError } from "../../errors.ts";
import { answerObject } from "./answer.ts";
import { nameOf } from "./call.ts";
import type { Call } from "./call.ts";
import { decodeBody, requireName, requireType } from "./decode-body.ts";
import { readPatch } from "./patch.ts";
import { readObject } from "./request-body.ts";
import { scaleOf, scaleType, withReplicas } from "./scale-object.ts";
import type { Scale } from "./scale-object.ts";
import { ofPatch } from "./unreadable.ts";
import { parseWriteQuery } from "./write-options.ts";

/** Of a type that has `scaleSubresource`. */
export async function scale(call: Call): Promise<Response> {
  const { definition, info } = call;
  const { scaleSubresource: paths } = definition;
  if (paths === undefined) throw new TypeError(`${typeKey(definition)} has no scale`);
  if (info.verb === "get") return answer(call, judged(call, await read(call), paths));
  if (info.verb === "patch") {
    const { custom } = definition;
    const type: Call["definition"] = { ...scaleType, ...(custom === undefined ? {} : { custom }) };
    const { apply } = await readPatch({ ...call, definition: type });
    return write(call, paths, (scale) => {
      const patched = apply(scale);
      ofPatch(() => {
        decodeBody(scaleType, patched);
        requireType(scaleType, patched);
      });
      return patched;
    });
  }
  const { value } = await readObject(call.c.req.raw);
  decodeBody(scaleType, value);
  requireType(scaleType, value);
  return write(call, paths, () => value);
}

async function read({ store, definition, namespace, ...call }: Call): Promise<KubeObject> {
  const name = nameOf({ store, definition, namespace, ...call });
  return JSON.parse(await store.texts.get(definition, namespace, name, "scale")) as KubeObject;
}

async function write(
  call: Call,
  paths: ScaleSubresource,
  change: (scale: Scale) => unknown,
): Promise<Response> {
  const { store, definition, namespace, info } = call;
  const { dryRun } = parseWriteQuery(
    call.query,
    call.info.verb === "patch" ? "PatchOptions" : "UpdateOptions",
  );
  const name = nameOf(call);
  const written = await store.modify(
    definition,
    namespace,
    name,
    (current) => {
      const scale = scaleOf(current, paths) ?? { ...empty(current), spec: {}, status: { replicas: 0 } };
      const wanted = change(scale) as Partial<Scale>;
      const metadata: Partial<Scale["metadata"]> = wanted.metadata ?? {};
      requireName(metadata.name, name);
      const { resourceVersion, uid } = metadata;
      const changed = withReplicas(current, paths, replicasOf(call, paths, wanted));
      return {
        ...changed,
        metadata: {
          ...changed.metadata,
          ...(uid === undefined || uid === "" ? {} : { uid }),
          ...(resourceVersion === undefined || resourceVersion === "" ? {} : { resourceVersion }),
        },
      };
    },
    { subresource: "scale", dryRun, verb: info.verb === "patch" ? "patch" : "update" },
  );
  return answer(call, judged(call, written, paths));
}

function empty({ metadata: { name, namespace, resourceVersion } }: KubeObject): KubeObject {
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

function replicasOf(call: Call, paths: ScaleSubresource, { spec }: Partial<Scale>): number {
  const { replicas = 0 } = spec ?? {};
  if (replicas >= 0) return replicas;
  throw invalidObject(call.definition, nameOf(call), [
    invalid(paths.specReplicasPath, replicas, "should be a non-negative integer"),
  ]);
}

function judged({ definition }: Call, object: KubeObject, paths: ScaleSubresource): Scale {
  const scale = scaleOf(object, paths);
  if (scale !== undefined) return scale;
  const what = `${typeKey(definition)} ${JSON.stringify(object.metadata.name)}`;
  throw new ApiError(
    "NotFound",
    `${what}: the spec replicas field "${paths.specReplicasPath}" does not exist`,
  );
}

function answer(call: Call, scale: Scale): Promise<Response> {
  return answerObject({ ...call, definition: scaleType }, scale);
}
