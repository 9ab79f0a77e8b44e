/** For tests: admits an object as the store does (schema/store/admission.ts), against objects that are given. */
import type { KubeObject } from "../object.ts";
import { apiVersionOf, typeKey } from "../resource.ts";
import type { AdmissionContext, ResourceDefinition } from "../resource.ts";
import { applyDefaults, prune, validate } from "../structural/engine.ts";
import type { FieldError } from "../structural/types.ts";
import { registry } from "./registry.ts";

export interface AdmitOptions<T extends KubeObject> {
  readonly operation?: "CREATE" | "UPDATE" | "DELETE";
  readonly old?: T;
  readonly subresource?: AdmissionContext["subresource"];
  /** The server itself, unless given. */
  readonly actor?: AdmissionContext["actor"];
  /** What else is stored. */
  readonly stored?: readonly KubeObject[];
}

/** The object as it would be stored, and what is wrong with it: `FieldValueInvalid spec.x`. */
export async function admit<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  given: object,
  { old, stored = [], ...options }: AdmitOptions<T> = {},
): Promise<{ object: T; errors: readonly FieldError[]; problems: readonly string[] }> {
  const { metadata = {}, ...content } = given as { metadata?: object };
  const rest = prune(definition.schema(), structuredClone(content));
  applyDefaults(definition.schema(), rest);
  const named = { name: "one", ...(definition.scope === "Namespaced" && { namespace: "default" }) };
  const object = {
    ...rest,
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { ...named, ...metadata },
  } as unknown as T;
  const shape = validate(definition.schema(), rest);
  const context = (object: T): AdmissionContext<T> => ({
    operation: options.operation ?? (old === undefined ? "CREATE" : "UPDATE"),
    object,
    ...(old === undefined ? {} : { old }),
    ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
    actor: options.actor ?? { name: "system:test", rules: [], server: true },
    lookup: async (type, namespace, name) =>
      stored.find(
        (other) =>
          isOf(type, other) && (other.metadata.namespace ?? "") === namespace && other.metadata.name === name,
      ),
    lookupByIndex: async (type, field, value) =>
      stored.filter(
        (other) =>
          isOf(type, other) && registry.byTypeKey(type)?.indexes?.[field]?.(other).includes(value) === true,
      ),
    declared: registry.byTypeKey,
    now: () => new Date(0),
  });
  const deletes = options.operation === "DELETE";
  const mutated =
    deletes || shape.length > 0 ? object : ((await definition.mutate?.(context(object))) ?? object);
  const errors = shape.length > 0 ? shape : ((await definition.validate?.(context(mutated))) ?? []);
  return { object: mutated, errors, problems: errors.map(({ reason, field }) => `${reason} ${field}`) };
}

function isOf(type: string, { apiVersion, kind }: KubeObject): boolean {
  const definition = registry.byTypeKey(type);
  if (definition === undefined) throw new TypeError(`no type ${type} is declared`);
  return apiVersion === apiVersionOf(definition) && kind === definition.kind && type === typeKey(definition);
}
