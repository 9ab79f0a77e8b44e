/** What callers of the object store see, and what it is given. */
import type { Sql } from "postgres";
import type { DeclaredTypes, Types, TypesCache } from "../custom/types.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Sealer } from "../seal/sealer.ts";
import type { WrittenSubresource } from "./admission.ts";
import type { Actor } from "./authorize.ts";
import type { KnownRows } from "./known-rows.ts";
import type { MetadataReads } from "./metadata-reads.ts";
import type { PageKey, PageQuery } from "./pages.ts";
import type { Propagation } from "./propagation.ts";
import type { ListFilter } from "./reader.ts";
import type { ReadRow } from "./rows.ts";
import type { TextReads } from "./text-reads.ts";
import type { CommitItem, CommitResult, WorkRow } from "./types.ts";

export interface StoreDeps {
  /** Called by the first read: most proxied requests need no database. */
  readonly sql: () => Sql;
  /** Through `StoreWriter`, or `commitBatch` itself. */
  readonly commit: (items: readonly CommitItem[]) => Promise<readonly CommitResult[]>;
  readonly sealer: Sealer;
  /** Single rows by another way than `sql`; absent: by that. */
  readonly readRow?: ReadRow;
  /** Declared types. */
  readonly registry: DeclaredTypes;
  /** What this isolate knows of objects; absent: nothing. */
  readonly knownRows?: KnownRows;
  /** What this isolate knows of users' types; absent: this store asks for itself. */
  readonly typesCache?: TypesCache;
  /** Work that a change calls for. Pure. */
  readonly workOf: (
    type: string,
    before: KubeObject | undefined,
    after: KubeObject | undefined,
    now: Date,
  ) => readonly WorkRow[];
  /** Told of every commit that was answered, whatever the answer, before its caller is: for what an isolate remembers. */
  readonly committed?: (changes: readonly Change[]) => void;
  readonly now: () => Date;
}

/** Of one object, in a commit. */
export interface Change {
  /** `typeKey()`. */
  readonly type: string;
  readonly before: KubeObject | undefined;
  /** `undefined` when it goes. */
  readonly after: KubeObject | undefined;
  /** Generations in `meta` that it raises. */
  readonly raise: readonly string[];
}

export type Lease = NonNullable<CommitItem["lease"]>;

export interface Store {
  /** Every call is judged by the actor's rules. Writes under a lease fail once it is lost. */
  readonly as: (actor: Actor, lease?: Lease) => BoundStore;
  /** Declared types and users' own. Everything that is given a type takes one from here, or a declared one. */
  readonly types: Types;
}

/** A further change, committed with another or not at all. */
export interface Operation {
  readonly action: "create" | "update" | "delete";
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
}

/** `limit`: of objects that are looked at; absent: all. */
export type DeletionQuery = Omit<PageQuery, "type" | "limit"> & { readonly limit?: number };

export interface DeletedPage {
  readonly items: KubeObject[];
  /** Where the list goes on behind the limit. */
  readonly next?: { readonly revision: number; readonly key: PageKey };
}

/** All methods throw `StoreError`: `Forbidden` before anything else, and what each names. */
export interface BoundStore {
  /** Throws `NotFound`. */
  get<T extends KubeObject>(definition: ResourceDefinition<T>, namespace: string, name: string): Promise<T>;
  /** Ordered by namespace and name. With `names`, the right to get each of them is enough. */
  list<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    filter?: ListFilter,
  ): Promise<{ items: T[]; revision: number }>;
  /** Throws `AlreadyExists`, `Invalid`, `NotFound` (its namespace). Answers with the object as stored. */
  create<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    object: T,
    options?: WriteOptions & { readonly creatorId?: string; readonly alongside?: readonly Operation[] },
  ): Promise<T>;
  /** `metadata.resourceVersion`, if given, must be the current one. Throws `NotFound`, `Conflict`, `Invalid`. */
  update<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    object: T,
    options?: WriteOptions & { readonly subresource?: WrittenSubresource },
  ): Promise<T>;
  /**
   * Reads, changes, writes; again when somebody was faster, unless the changed object names another resourceVersion
   * than the one read. `undefined` from `change`: nothing is written.
   */
  modify<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
    change: (current: T) => T | undefined,
    options?: WriteOptions & {
      readonly subresource?: WrittenSubresource;
      readonly verb?: "update" | "patch";
    },
  ): Promise<T>;
  /**
   * Server-side apply: makes the object, or merges into it what `config` says, in the name of the field manager. Throws
   * `BadRequest` for a configuration that does not fit the type, `Conflict` for fields of other managers unless forced.
   */
  apply<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
    config: Readonly<Record<string, unknown>>,
    options: ApplyOptions,
  ): Promise<Applied<T>>;
  /**
   * Without finalizers the object goes at once, else it gets its deletionTimestamp. A deletion in the foreground or one that
   * orphans adds a finalizer of the garbage collector's. Answers with its last state.
   */
  delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    options?: WriteOptions & Preconditions & Propagation,
  ): Promise<KubeObject>;
  /** Deletes what a list finds, each on its own; what is gone meanwhile is left out. Needs the right to `deletecollection`. */
  deleteCollection(
    definition: ResourceDefinition,
    query: DeletionQuery,
    options?: WriteOptions & Preconditions & Propagation,
  ): Promise<DeletedPage>;
  /** Reads over all types, of what every object has. */
  readonly metadata: MetadataReads;
  /** Reads that give JSON text and parse nothing. */
  readonly texts: TextReads;
}

export interface WriteOptions {
  /** Judged in full, and nothing is committed. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly manager: string;
  /** Takes fields from other managers. */
  readonly force: boolean;
  readonly subresource?: WrittenSubresource;
  readonly creatorId?: string;
}

export interface Applied<T extends KubeObject = KubeObject> {
  readonly object: T;
  readonly created: boolean;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}
