/** What a type's declaration changes along with its own objects (`alongside` in schema/resource.ts): planned here, committed with them. */
import type { KubeObject } from "../object.ts";
import type { Alongside } from "../resource.ts";
import { everythingRules } from "../resources/policy-rule.ts";
import { contextOf, planCreate, planDelete, planUpdate } from "./admission.ts";
import type { Admission, Planned } from "./admission.ts";
import type { Actor } from "./authorize.ts";

/** Rules of types, not rights of callers, decide what comes along. */
const server: Actor = { name: "system:admission", groups: [], rules: everythingRules, server: true };
/** What comes along may bring something along. Further than this it would be a circle. */
const maxDepth = 4;

/** The object that comes along has changed since its type's rules looked at it. */
export class AlongsideMoved extends Error {}

/** Throws `AlongsideMoved`, and what planning throws. */
export async function planAlongside(admission: Admission, planned: readonly Planned[]): Promise<Planned[]> {
  const all: Planned[] = [];
  let level = planned;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw new TypeError("what types bring along has no end");
    const next: Planned[] = [];
    for (const one of level)
      for (const change of await changesOf(admission, one)) {
        const made = await planChange({ ...admission, actor: server }, change);
        if (made !== undefined) next.push(made);
      }
    all.push(...next);
    level = next;
  }
  return all;
}

async function changesOf(
  admission: Admission,
  { definition, before, after, subresource }: Planned,
): Promise<readonly Alongside[]> {
  const object = after ?? before;
  if (definition.alongside === undefined || object === undefined) return [];
  const within = subresource === undefined ? admission : { ...admission, subresource };
  return definition.alongside(contextOf(within, operationOf(before, after), object, before));
}

/** As admission sees it: an object that waits for its finalizers was deleted when it began to wait. */
function operationOf(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): "CREATE" | "UPDATE" | "DELETE" {
  if (before === undefined) return "CREATE";
  const goes = after === undefined || after.metadata.deletionTimestamp !== undefined;
  return goes && before.metadata.deletionTimestamp === undefined ? "DELETE" : "UPDATE";
}

async function planChange(
  admission: Admission,
  { action, type, object }: Alongside,
): Promise<Planned | undefined> {
  const definition = admission.typeOf(type);
  if (definition === undefined) throw new TypeError(`no type ${type} is declared`);
  const { namespace = "", name, resourceVersion } = object.metadata;
  const current = await admission.reader.get(definition, namespace, name);
  if (resourceVersion !== undefined && resourceVersion !== current?.metadata.resourceVersion)
    throw new AlongsideMoved(`${type} ${namespace}/${name} has changed`);
  if (action === "delete")
    return current === undefined ? undefined : planDelete(admission, definition, current);
  if (current === undefined) return planCreate(admission, definition, object, undefined);
  const updated = await planUpdate(admission, definition, current, object, undefined);
  return updated === undefined || updated.changesNothing ? undefined : updated;
}
