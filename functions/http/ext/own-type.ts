/** A type of ext.cattle.io whose objects are rows of another type in `cattle-tokens`, each with one user (own-store.ts). */
import type { KubeObject, ObjectMeta } from "../../../schema/object.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Settings } from "../../settings/settings.ts";
import type { AppContext } from "../context.ts";

export interface OwnDeps {
  readonly c: AppContext;
  /** With every right. */
  readonly rows: BoundStore;
  readonly settings: Settings;
  readonly identity: Identity;
}

/** What somebody applies. */
export interface Applied<T> {
  readonly metadata: Partial<ObjectMeta>;
  readonly spec?: Partial<Spec<T>>;
}

export type Spec<T> = T extends { readonly spec?: infer S } ? NonNullable<S> : never;

export interface OwnType<T extends KubeObject & { spec?: object }, R extends KubeObject> {
  readonly definition: ResourceDefinition<T>;
  readonly of: ResourceDefinition<R>;
  /** The value of the label `cattle.io/kind` of its rows. */
  readonly kind: string;
  readonly shown: (row: R, identity: Identity) => T;
  /** Answers what its maker is told. The actor may create the type; all else is judged here. */
  readonly create: (deps: OwnDeps, object: T, dryRun: boolean) => Promise<T>;
  /** Reads what changes are judged by; the judge gives the object as it is stored, or throws `Invalid`. */
  readonly judge: (settings: Settings) => Promise<(wanted: T, old: T) => T>;
  readonly changedRow: (row: R, wanted: T) => R;
  readonly appliedRow: (row: ObjectMeta, said: Applied<T>) => Record<string, unknown>;
  /** Deletes what goes before it. */
  readonly beforeDelete?: (rows: BoundStore, row: R) => Promise<void>;
}
