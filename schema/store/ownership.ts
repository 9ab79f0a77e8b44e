/** metadata.managedFields in the write path: who owns what after a write. Pure. */
import { withIdleTimes } from "../apply/idle-times.ts";
import type { ManagedFieldsEntry } from "../apply/managers.ts";
import { objectTypeOf } from "../apply/object-type.ts";
import { managersAfterUpdate } from "../apply/update.ts";
import type { KubeObject } from "../object.ts";
import { same } from "../patch/values.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Actor } from "./authorize.ts";
import { timestamp } from "./metadata.ts";

/** What a write says about owners. */
export interface Claim {
  /** metadata.managedFields as the client gave them, or as an apply has made them. */
  readonly entries?: readonly unknown[] | undefined;
  /** They are final: an apply has made them, or the write changes no owner. */
  readonly applied?: boolean;
  readonly subresource?: string | undefined;
}

type Entries = readonly ManagedFieldsEntry[] | undefined;

/** `object`: as it shall be stored, but for owners. */
export function ownersAfter<T extends KubeObject>(
  { actor, now }: { readonly actor: Actor; readonly now: () => Date },
  definition: ResourceDefinition<T>,
  old: T | undefined,
  object: T,
  { entries, applied = false, subresource }: Claim,
): Entries {
  if (applied) return entries as Entries;
  return managersAfterUpdate({
    type: objectTypeOf(definition),
    live: old as unknown as Readonly<Record<string, unknown>> | undefined,
    next: {
      ...(object as object),
      metadata: entries === undefined ? object.metadata : { ...object.metadata, managedFields: entries },
    },
    manager: actor.manager ?? "drover",
    subresource,
    time: timestamp(now()),
  });
}

/** With the owners, whose times stay as they were where nothing else has changed. */
export function withOwners<T extends KubeObject>(object: T, owners: Entries, old?: T): T {
  const kept = old?.metadata.managedFields as Entries;
  const final = withIdleTimes(kept, owners, () => old !== undefined && same(unowned(object), unowned(old)));
  const bare = withoutOwners(object);
  return final === undefined ? bare : { ...bare, metadata: { ...bare.metadata, managedFields: final } };
}

/** Owners are counted apart: they need no copy, no default and no check. */
export function withoutOwners<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function unowned({ metadata, ...object }: KubeObject): object {
  const { managedFields: _m, resourceVersion: _r, ...rest } = metadata;
  return { ...object, metadata: rest };
}
