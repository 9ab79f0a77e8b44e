/** The one check path of the store: deny by default, judged before anything is read. */
import { allows, allowsPath } from "../rbac/evaluate.ts";
import type { ResourceAttributes, ScopedRule } from "../rbac/types.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { StoreError } from "./errors.ts";

/** Who acts: a user by his id, a service account by its user name, or `system:<purpose>` for the server itself. */
export interface Actor {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly rules: readonly ScopedRule[];
  /** The server itself. A name does not say so: service accounts are called `system:…` too. */
  readonly server?: true;
  /** Who is noted in metadata.managedFields as the manager of what it writes; absent: `drover`. */
  readonly manager?: string;
}

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

export interface Attempt {
  readonly verb: Verb;
  readonly definition: Pick<ResourceDefinition, "group" | "plural" | "kind">;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Throws `Forbidden` with kube-apiserver's message. */
export function authorize(actor: Actor, attempt: Attempt): void {
  if (!mayDo(actor, attempt)) throw forbiddenError(actor, attempt);
}

export function mayDo(actor: Actor, attempt: Attempt): boolean {
  return allows(actor.rules, attributesOf(attempt));
}

/** What rules are asked about an attempt. */
export function attributesOf(attempt: Attempt): ResourceAttributes {
  const { verb, definition, name } = attempt;
  const namespace = namespaceOf(attempt);
  return {
    verb,
    group: definition.group,
    resource: resourceOf(attempt),
    ...(namespace === "" ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Throws `Forbidden` with kube-apiserver's message. `verb`: the method in lower case; `path`: below the API's prefix. */
export function authorizePath(actor: Actor, verb: string, path: string): void {
  if (allowsPath(actor.rules, verb, path)) return;
  throw new StoreError(
    "Forbidden",
    `forbidden: User ${JSON.stringify(actor.name)} cannot ${verb} path ${JSON.stringify(path)}`,
  );
}

function forbiddenError(actor: Actor, attempt: Attempt): StoreError {
  const { verb, definition, name } = attempt;
  const namespace = namespaceOf(attempt);
  const subject = name === undefined ? typeKey(definition) : `${typeKey(definition)} "${name}"`;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return new StoreError(
    "Forbidden",
    `${subject} is forbidden: User "${actor.name}" cannot ${verb} resource "${resourceOf(attempt)}" in API group "${definition.group}" ${scope}`,
    { subject: { definition, name } },
  );
}

function resourceOf({ definition, subresource }: Attempt): string {
  return subresource === undefined ? definition.plural : `${definition.plural}/${subresource}`;
}

const ofOneObject: readonly Verb[] = ["get", "update", "patch", "delete"];

/** A request for one Namespace is one in it: who is bound there may read it (k8s.io/apiserver, RequestInfoFactory). */
function namespaceOf({ verb, definition, namespace = "", name = "" }: Attempt): string {
  return definition.group === "" && definition.plural === "namespaces" && ofOneObject.includes(verb)
    ? name
    : namespace;
}
