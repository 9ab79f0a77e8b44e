/** An autoscaling/v1 Scale over the paths that a type names (apiextensions-apiserver, registry/customresource). Pure. */
import type { KubeObject } from "../../../../schema/object.ts";
import type { ResourceDefinition, ScaleSubresource } from "../../../../schema/resource.ts";

export interface Scale extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}

/** As a type of its own for answers. */
export const scaleType = {
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
} as const satisfies ResourceDefinition;

/** `undefined`: the object does not say how many replicas it wants. */
export function scaleOf(object: KubeObject, paths: ScaleSubresource): Scale | undefined {
  const replicas = numberAt(object, paths.specReplicasPath);
  if (replicas === undefined) return undefined;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector =
    paths.labelSelectorPath === undefined ? undefined : valueAt(object, paths.labelSelectorPath);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas },
    status: {
      replicas: numberAt(object, paths.statusReplicasPath) ?? 0,
      ...(typeof selector === "string" && selector !== "" ? { selector } : {}),
    },
  };
}

/** A copy of `object` with another number. */
export function withReplicas<T extends KubeObject>(
  object: T,
  { specReplicasPath }: ScaleSubresource,
  replicas: number,
): T {
  const copy = structuredClone(object);
  const names = namesOf(specReplicasPath);
  const last = names.pop();
  if (last === undefined) return copy;
  let at = copy as unknown as Record<string, unknown>;
  for (const name of names) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined;
    const member = isObject(next) ? next : {};
    define(at, name, member);
    at = member;
  }
  define(at, last, replicas);
  return copy;
}

/** A member called `__proto__` is one like others. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function numberAt(object: KubeObject, path: string): number | undefined {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : undefined;
}

function valueAt(object: unknown, path: string): unknown {
  return namesOf(path).reduce<unknown>(
    (from, name) => (isObject(from) && Object.hasOwn(from, name) ? from[name] : undefined),
    object,
  );
}

/** `.spec.replicas`. */
function namesOf(path: string): string[] {
  return path.split(".").slice(1);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
