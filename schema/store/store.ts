/** The object store: the one path by which every face and every controller reads and writes (design 3). */
import type { Sql } from "postgres";
import { generateNameSuffix } from "../auth/token-secret.ts";
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Sealer } from "../seal/sealer.ts";
import { planCreate, planDelete, planUpdate } from "./admission.ts";
import type { Admission, Planned } from "./admission.ts";
import { authorize, mayDo } from "./authorize.ts";
import type { Actor } from "./authorize.ts";
import { StoreError, alreadyExists, conflict, isStoreError, notFound } from "./errors.ts";
import { readPage } from "./pages.ts";
import type { PageQuery } from "./pages.ts";
import { createReader } from "./reader.ts";
import type { ListFilter, Reader } from "./reader.ts";
import { readRows } from "./rows.ts";
import type { ReadRow } from "./rows.ts";
import { createTextReads } from "./text-reads.ts";
import type { TextReads } from "./text-reads.ts";
import type { CommitItem, CommitResult, WorkRow } from "./types.ts";

export type { Actor } from "./authorize.ts";

export interface StoreDeps {
  /** Called by the first read: most proxied requests need no database. */
  readonly sql: () => Sql;
  /** Through `StoreWriter`, or `commitBatch` itself. */
  readonly commit: (items: readonly CommitItem[]) => Promise<readonly CommitResult[]>;
  readonly sealer: Sealer;
  /** Single rows by another way than `sql`; absent: by that. */
  readonly readRow?: ReadRow;
  readonly registry: { readonly byTypeKey: (key: string) => ResourceDefinition | undefined };
  /** Work that a change calls for. Pure. */
  readonly workOf: (
    type: string,
    before: KubeObject | undefined,
    after: KubeObject | undefined,
    now: Date,
  ) => readonly WorkRow[];
  readonly now: () => Date;
}

export type Lease = NonNullable<CommitItem["lease"]>;

export interface Store {
  /** Every call is judged by the actor's rules. Writes under a lease fail once it is lost. */
  readonly as: (actor: Actor, lease?: Lease) => BoundStore;
}

/** A further change, committed with another or not at all. */
export interface Operation {
  readonly action: "create" | "update" | "delete";
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
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
    options?: WriteOptions & { readonly subresource?: "status" },
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
    options?: WriteOptions & { readonly subresource?: "status"; readonly verb?: "update" | "patch" },
  ): Promise<T>;
  /** Without finalizers the object goes at once, else it gets its deletionTimestamp. Answers with its last state. */
  delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    options?: WriteOptions & Preconditions,
  ): Promise<KubeObject>;
  /** Deletes what a list finds, each on its own; what is gone meanwhile is left out. Needs the right to `deletecollection`. */
  deleteCollection(
    definition: ResourceDefinition,
    query: Omit<PageQuery, "type" | "limit">,
    options?: WriteOptions,
  ): Promise<KubeObject[]>;
  /** Reads that give JSON text and parse nothing. */
  readonly texts: TextReads;
}

export interface WriteOptions {
  /** Judged in full, and nothing is committed. */
  readonly dryRun?: boolean;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** A write under a lease that is no longer held: somebody else works on it. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Something that was judged by has moved meanwhile: judge again. */
class Stale extends Error {}

const maxAttempts = 5;
/** Deletions of one `deleteCollection` under way at once. */
const deletions = 16;

export function createStore(deps: StoreDeps): Store {
  const { sql, sealer, readRow = async (key) => (await readRows(sql(), [key]))[0] } = deps;
  const reader = createReader(sql, sealer, readRow);
  return { as: (actor, lease) => new ActorStore({ ...deps, readRow }, reader, actor, lease) };
}

class ActorStore implements BoundStore {
  readonly #deps: StoreDeps & { readonly readRow: ReadRow };
  readonly #reader: Reader;
  readonly #actor: Actor;
  readonly #lease: Lease | undefined;
  readonly #admission: Admission;
  readonly texts: TextReads;

  constructor(
    deps: StoreDeps & { readonly readRow: ReadRow },
    reader: Reader,
    actor: Actor,
    lease: Lease | undefined,
  ) {
    this.#deps = deps;
    this.#reader = reader;
    this.#actor = actor;
    this.#lease = lease;
    const { sealer, registry, now } = deps;
    this.#admission = { actor, reader, sealer, typeOf: registry.byTypeKey, now };
    this.texts = createTextReads(actor, deps.sql, sealer, deps.readRow);
  }

  async get<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
  ): Promise<T> {
    authorize(this.#actor, { verb: "get", definition, namespace, name });
    return this.#current(definition, namespace, name);
  }

  async list<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    filter: ListFilter = {},
  ): Promise<{ items: T[]; revision: number }> {
    const { namespace, namespaces = [namespace], names } = filter;
    for (const where of namespaces) {
      const each =
        names !== undefined &&
        names.every((name) => mayDo(this.#actor, { verb: "get", definition, namespace: where, name }));
      if (!each) authorize(this.#actor, { verb: "list", definition, namespace: where });
    }
    return this.#reader.list(definition, filter);
  }

  async create<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    object: T,
    {
      creatorId,
      alongside = [],
      dryRun,
    }: WriteOptions & { readonly creatorId?: string; readonly alongside?: readonly Operation[] } = {},
  ): Promise<T> {
    const { namespace, name, generateName } = object.metadata;
    authorize(this.#actor, { verb: "create", definition, namespace });
    for (const operation of alongside) this.#authorizeOperation(operation);
    const made = [{ action: "create" as const, definition, object }, ...alongside];
    const generated = (name ?? "") === "" && generateName !== undefined;
    return this.#again(
      async () => {
        const metadata = generated
          ? { ...object.metadata, name: generateName.slice(0, 248) + generateNameSuffix(randomBytes) }
          : object.metadata;
        await this.#requireNamespaces(made);
        const main = await planCreate(this.#admission, definition, { ...object, metadata }, creatorId);
        const others: Planned[] = [];
        for (const operation of alongside) {
          const planned = await this.#planOperation(operation, creatorId);
          if (planned !== undefined) others.push(planned);
        }
        return this.#commit(main, others, dryRun);
      },
      (error) => generated && isStoreError(error, "AlreadyExists"),
    );
  }

  async update<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    object: T,
    { subresource, dryRun }: WriteOptions & { readonly subresource?: "status" } = {},
  ): Promise<T> {
    const { namespace = "", name, resourceVersion } = object.metadata;
    authorize(this.#actor, { verb: "update", definition, namespace, name, subresource });
    return this.#again(
      async () => {
        const current = await this.#current(definition, namespace, name);
        if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
          throw conflict(definition, name);
        return this.#write(definition, current, object, subresource, dryRun);
      },
      (error) => resourceVersion === undefined && isStoreError(error, "Conflict"),
    );
  }

  async modify<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
    change: (current: T) => T | undefined,
    {
      subresource,
      dryRun,
      verb = "update",
    }: WriteOptions & { readonly subresource?: "status"; readonly verb?: "update" | "patch" } = {},
  ): Promise<T> {
    authorize(this.#actor, { verb, definition, namespace, name, subresource });
    let pinned = false;
    return this.#again(
      async () => {
        const current = await this.#current(definition, namespace, name);
        const { resourceVersion } = current.metadata;
        const wanted = change(structuredClone(current));
        if (wanted === undefined) return current;
        pinned = wanted.metadata.resourceVersion !== resourceVersion;
        if (pinned && wanted.metadata.resourceVersion !== undefined) throw conflict(definition, name);
        return this.#write(definition, current, wanted, subresource, dryRun);
      },
      (error) => !pinned && isStoreError(error, "Conflict"),
    );
  }

  async delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    options: WriteOptions & Preconditions = {},
  ): Promise<KubeObject> {
    authorize(this.#actor, { verb: "delete", definition, namespace, name });
    return this.#delete(definition, namespace, name, options);
  }

  async deleteCollection(
    definition: ResourceDefinition,
    query: Omit<PageQuery, "type" | "limit">,
    options: WriteOptions = {},
  ): Promise<KubeObject[]> {
    authorize(this.#actor, { verb: "deletecollection", definition, namespace: query.namespace });
    const deleted: KubeObject[] = [];
    let from: Pick<PageQuery, "at" | "after"> = {};
    for (;;) {
      const wanted = { ...query, ...from, type: typeKey(definition), limit: deletions };
      const page = await readPage(this.#deps.sql(), wanted);
      const gone = page.rows.map(({ namespace, name, uid }) =>
        this.#delete(definition, namespace, name, { ...options, uid }).catch((error: unknown) => {
          if (isStoreError(error, "NotFound") || isStoreError(error, "Conflict")) return undefined;
          throw error;
        }),
      );
      deleted.push(...(await Promise.all(gone)).filter((object) => object !== undefined));
      if (page.next === undefined) return deleted;
      from = { at: page.revision, after: page.next };
    }
  }

  #delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    { uid, resourceVersion, dryRun }: WriteOptions & Preconditions,
  ): Promise<KubeObject> {
    return this.#again(
      async () => {
        const current = await this.#current(definition, namespace, name);
        const { metadata } = current;
        if (uid !== undefined && uid !== metadata.uid)
          throw conflict(
            definition,
            name,
            `the UID in the precondition (${uid}) does not match ${metadata.uid ?? ""}`,
          );
        if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
          throw conflict(definition, name);
        const planned = await planDelete(this.#admission, definition, current);
        return planned === undefined ? current : this.#commit(planned, [], dryRun);
      },
      (error) => resourceVersion === undefined && isStoreError(error, "Conflict"),
    );
  }

  async #current<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
  ): Promise<T> {
    const current = await this.#reader.get(definition, namespace, name);
    if (current === undefined) throw notFound(definition, name);
    return current;
  }

  async #write<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    current: T,
    wanted: T,
    subresource: "status" | undefined,
    dryRun: boolean | undefined,
  ): Promise<T> {
    const planned = await planUpdate(this.#admission, definition, current, wanted, subresource);
    return planned === undefined || planned.changesNothing ? current : this.#commit(planned, [], dryRun);
  }

  /** Commits; answers with the first object as it is now, or as it was when it went. */
  async #commit<T extends KubeObject>(
    main: Planned<T>,
    others: readonly Planned[],
    dryRun = false,
  ): Promise<T> {
    const all: Planned[] = [main, ...others];
    refuseTwice(all);
    if (dryRun) return this.#withoutCommit(main);
    const now = this.#deps.now();
    const [result] = await this.#deps.commit([
      {
        id: crypto.randomUUID(),
        objects: all.map(({ commit }) => commit),
        work: all.flatMap(({ definition, before, after }) =>
          this.#deps.workOf(typeKey(definition), before, after, now),
        ),
        expectGenerations: Object.assign({}, ...all.map(({ expect }) => expect)) as Record<string, number>,
        raiseGenerations: [...new Set(all.flatMap(({ raise }) => raise))],
        ...(this.#lease === undefined ? {} : { lease: this.#lease }),
      },
    ]);
    if (result === undefined) throw new Error("the commit gave no result");
    if (!result.ok) throw failureOf(result, all);
    const object = main.after ?? main.before;
    if (object === undefined) throw new TypeError("nothing was committed");
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(result.revisions[0]) } };
  }

  /** What the answer to a commit would be. */
  async #withoutCommit<T extends KubeObject>({ definition, before, after, commit }: Planned<T>): Promise<T> {
    const { namespace, name } = commit;
    if (before === undefined && (await this.#reader.get(definition, namespace, name)) !== undefined)
      throw alreadyExists(definition, name);
    const object = after ?? before;
    if (object === undefined) throw new TypeError("nothing was planned");
    const { resourceVersion } = before?.metadata ?? {};
    return resourceVersion === undefined
      ? object
      : { ...object, metadata: { ...object.metadata, resourceVersion } };
  }

  /** Reads and judges again when what it was judged by has moved. */
  async #again<R>(attempt: () => Promise<R>, retries: (error: unknown) => boolean): Promise<R> {
    for (let count = 1; ; count++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Stale) && !retries(error)) throw error;
        if (count < maxAttempts) continue;
        throw error instanceof Stale
          ? new StoreError("Conflict", "too many concurrent changes; please try again")
          : error;
      }
    }
  }

  #authorizeOperation({ action, definition, object: { metadata } }: Operation): void {
    const { namespace, name } = metadata;
    authorize(this.#actor, { verb: action, definition, namespace, ...(action === "create" ? {} : { name }) });
  }

  async #planOperation(
    { action, definition, object }: Operation,
    creatorId?: string,
  ): Promise<Planned | undefined> {
    if (action === "create") return planCreate(this.#admission, definition, object, creatorId);
    const { namespace = "", name } = object.metadata;
    const current = await this.#current(definition, namespace, name);
    if (action === "delete") return planDelete(this.#admission, definition, current);
    const planned = await planUpdate(this.#admission, definition, current, object, undefined);
    return planned === undefined || planned.changesNothing ? undefined : planned;
  }

  /** As NamespaceLifecycle: a namespace must exist, or be made by the same commit, and not be going. */
  async #requireNamespaces(operations: readonly Operation[]): Promise<void> {
    const type = this.#deps.registry.byTypeKey("namespaces");
    const made = operations
      .filter(({ action, definition }) => action === "create" && definition === type)
      .map(({ object }) => object.metadata.name);
    const needed = operations
      .filter(({ action, definition }) => action === "create" && definition.scope === "Namespaced")
      .map(({ object }) => object.metadata.namespace ?? "");
    for (const name of new Set(needed)) {
      if (type === undefined || name === "" || made.includes(name)) continue;
      const namespace = await this.#reader.get(type, "", name);
      if (namespace === undefined) throw notFound(type, name);
      if (namespace.metadata.deletionTimestamp !== undefined)
        throw new StoreError(
          "Forbidden",
          `unable to create new content in namespace ${name} because it is being terminated`,
        );
    }
  }
}

function failureOf(result: Extract<CommitResult, { ok: false }>, all: readonly Planned[]): Error {
  const planned = all[result.object ?? 0];
  if (planned === undefined) return new Error("the commit failed at no object of ours");
  const { definition, commit } = planned;
  switch (result.reason) {
    case "exists":
      return alreadyExists(definition, commit.name);
    case "absent":
      return notFound(definition, commit.name);
    case "conflict":
      return conflict(definition, commit.name);
    case "stale":
      return new Stale();
    case "lease":
      return new LeaseLost("the work lease was lost");
    case "overloaded":
      return new StoreError("ServiceUnavailable", "too many writes wait; please try again");
    case "refused":
      return new Error(`the database refused the commit: ${result.detail ?? "no reason given"}`);
    default:
      return result.reason satisfies never;
  }
}

/** Two changes of one object in one commit would be judged by the same state. */
function refuseTwice(all: readonly Planned[]): void {
  const keys = new Set(all.map(({ commit }) => `${commit.type}/${commit.namespace}/${commit.name}`));
  if (keys.size !== all.length) throw new TypeError("one commit changes an object twice");
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
