/** `/scale` of types that have one: get, update and patch of how many replicas an object wants. */
import type { KubeObject } from "../../../../schema/object.ts";
import { typeKey } from "../../../../schema/resource.ts";
import type { ScaleSubresource } from "../../../../schema/resource.ts";
import { ApiError } from "../../errors.ts";
import { answerObject } from "./answer.ts";
import { nameOf } from "./call.ts";
import type { Call } from "./call.ts";
import { readPatch } from "./patch.ts";
import { readObject } from "./request-body.ts";
import { scaleOf, withReplicas } from "./scale-object.ts";
import type { Scale } from "./scale-object.ts";
import { parseWriteQuery } from "./write-options.ts";

/** As a type of its own for answers: it has no columns but the common ones. */
const scaleType = {
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  singular: "scale",
  scope: "Namespaced",
  schema: () => ({
    type: "object",
    properties: {
      spec: { type: "object", properties: { replicas: { type: "integer", format: "int32" } } },
      status: {
        type: "object",
        properties: { replicas: { type: "integer", format: "int32" }, selector: { type: "string" } },
      },
    },
  }),
} as const satisfies Call["definition"];

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
    return write(call, paths, apply);
  }
  const { value } = await readObject(call.c.req.raw);
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
      const { metadata } = wanted;
      if (metadata?.name !== name)
        throw new ApiError(
          "BadRequest",
          `the name of the object (${metadata?.name ?? ""}) does not match the name on the URL (${name})`,
        );
      const { resourceVersion, uid } = metadata;
      const changed = withReplicas(current, paths, replicasOf(call, wanted));
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

function replicasOf(call: Call, { kind = "Scale", spec }: Partial<Scale>): number {
  if (kind !== "Scale")
    throw new ApiError(
      "BadRequest",
      `the kind in the data (${kind}) does not match the expected kind (Scale)`,
    );
  const replicas: unknown = (spec as { readonly replicas?: unknown } | undefined)?.replicas ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas) || replicas > 2 ** 31 - 1)
    throw new ApiError("BadRequest", "spec.replicas must be a whole number of 32 bits");
  if (replicas >= 0) return replicas;
  const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
  throw new ApiError(
    "Invalid",
    `Scale.autoscaling ${JSON.stringify(nameOf(call))} is invalid: spec.replicas: ${message}`,
    {
      causes: [{ reason: "FieldValueInvalid", field: "spec.replicas", message }],
      subject: { definition: scaleType, name: nameOf(call) },
    },
  );
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
