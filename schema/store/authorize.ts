/** The one check path of the store: deny by default, judged before anything is read. */
import { allows } from "../rbac/evaluate.ts";
import type { PolicyRule } from "../rbac/types.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { StoreError } from "./errors.ts";

/** Who acts: a user id, or `system:<purpose>` for the server itself. */
export interface Actor {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

export interface Attempt {
  readonly verb: Verb;
  readonly definition: ResourceDefinition;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: "status" | undefined;
}

/** Throws `Forbidden` with kube-apiserver's message. */
export function authorize(actor: Actor, attempt: Attempt): void {
  if (!mayDo(actor, attempt)) throw forbiddenError(actor, attempt);
}

export function mayDo(actor: Actor, { verb, definition, namespace, name, subresource }: Attempt): boolean {
  const resource = subresource === undefined ? definition.plural : `${definition.plural}/${subresource}`;
  return allows(actor.rules, {
    verb,
    group: definition.group,
    resource,
    ...(namespace === undefined || namespace === "" ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  });
}

function forbiddenError(
  actor: Actor,
  { verb, definition, namespace, name, subresource }: Attempt,
): StoreError {
  const resource = subresource === undefined ? definition.plural : `${definition.plural}/${subresource}`;
  const subject = name === undefined ? typeKey(definition) : `${typeKey(definition)} "${name}"`;
  const scope =
    namespace === undefined || namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return new StoreError(
    "Forbidden",
    `${subject} is forbidden: User "${actor.name}" cannot ${verb} resource "${resource}" in API group "${definition.group}" ${scope}`,
    { subject: { definition, name } },
  );
}
