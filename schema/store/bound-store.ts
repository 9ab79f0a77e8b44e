/** The store as one actor sees it: each verb authorises, reads, plans and commits. */
import { generateNameSuffix } from "../auth/token-secret.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource.ts";
import { applyObject } from "./applying.ts";
import { planCreate, planDelete, planUpdate } from "./admission.ts";
import type { Planned, WrittenSubresource } from "./admission.ts";
import { authorize, mayDo } from "./authorize.ts";
import { again, commitPlanned, currentObject, isRace, isRefusal, unlessGoing } from "./committing.ts";
import type { Session } from "./committing.ts";
import type {
  Applied,
  ApplyOptions,
  BoundStore,
  Operation,
  Preconditions,
  WriteOptions,
  DeletedPage,
  DeletionQuery,
} from "./contract.ts";
import { deleteCollection, deleteObject } from "./deletion.ts";
import { conflict, isStoreError } from "./errors.ts";
import { inItsNamespace, refuseImmortal } from "./namespace-lifecycle.ts";
import { createMetadataReads } from "./metadata-reads.ts";
import type { MetadataReads } from "./metadata-reads.ts";
import type { Propagation } from "./propagation.ts";
import type { ListFilter } from "./reader.ts";
import { createTextReads } from "./text-reads.ts";
import type { TextReads } from "./text-reads.ts";

/** Of a generated name, which is then no longer than a label may be (k8s.io/apiserver, storage/names). */
const maxNameBase = 58;

export class ActorStore implements BoundStore {
  readonly #session: Session;
  readonly texts: TextReads;
  readonly metadata: MetadataReads;

  constructor(session: Session) {
    this.#session = session;
    const { actor, deps } = session;
    this.texts = createTextReads(actor, deps.sql, deps.sealer, deps.readRow);
    this.metadata = createMetadataReads(actor, deps.sql, deps.registry.byTypeKey);
  }

  async get<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
  ): Promise<T> {
    authorize(this.#session.actor, { verb: "get", definition, namespace, name });
    return currentObject(this.#session, definition, namespace, name);
  }

  async list<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    filter: ListFilter = {},
  ): Promise<{ items: T[]; revision: number }> {
    const { namespace, namespaces = [namespace], names } = filter;
    for (const where of namespaces) {
      const each =
        names !== undefined &&
        names.every((name) =>
          mayDo(this.#session.actor, { verb: "get", definition, namespace: where, name }),
        );
      if (!each) authorize(this.#session.actor, { verb: "list", definition, namespace: where });
    }
    return this.#session.reader.list(definition, filter);
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
    authorize(this.#session.actor, { verb: "create", definition, namespace });
    for (const operation of alongside) this.#authorizeOperation(operation);
    const nameless = (name ?? "") === "" && generateName !== undefined;
    const fixed = nameless ? await definition.generatedName?.(object) : undefined;
    const generated = nameless && fixed === undefined;
    return again(
      this.#session,
      definition,
      (definition) => {
        const metadata = generated
          ? { ...object.metadata, name: generateName.slice(0, maxNameBase) + generateNameSuffix(randomBytes) }
          : { ...object.metadata, ...(fixed === undefined ? {} : { name: fixed }) };
        const made = { action: "create" as const, definition, object: { ...object, metadata } };
        const write = async (): Promise<T> => {
          const main = await planCreate(this.#session.admission, definition, made.object, creatorId);
          const others: Planned[] = [];
          for (const operation of alongside) {
            const planned = await this.#planOperation(operation, creatorId);
            if (planned !== undefined) others.push(planned);
          }
          return commitPlanned(this.#session, main, others, dryRun);
        };
        return inItsNamespace(this.#session, [made, ...alongside], dryRun, () =>
          unlessGoing(this.#session, definition, { namespace, name: metadata.name }, write),
        );
      },
      (error) => generated && isStoreError(error, "AlreadyExists"),
    );
  }

  async update<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    object: T,
    { subresource, dryRun }: WriteOptions & { readonly subresource?: WrittenSubresource } = {},
  ): Promise<T> {
    const { namespace = "", name, resourceVersion } = object.metadata;
    authorize(this.#session.actor, { verb: "update", definition, namespace, name, subresource });
    const fast = await this.#updateKnown(definition, object, subresource, dryRun);
    if (fast !== undefined) return fast;
    return again(
      this.#session,
      definition,
      async (definition) => {
        const current = await currentObject(this.#session, definition, namespace, name);
        if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
          throw conflict(definition, name);
        return this.#write(definition, current, object, subresource, dryRun);
      },
      (error) => resourceVersion === undefined && isRace(error),
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
    }: WriteOptions & { readonly subresource?: WrittenSubresource; readonly verb?: "update" | "patch" } = {},
  ): Promise<T> {
    authorize(this.#session.actor, { verb, definition, namespace, name, subresource });
    let pinned = false;
    return again(
      this.#session,
      definition,
      async (definition) => {
        const current = await currentObject(this.#session, definition, namespace, name);
        const { resourceVersion } = current.metadata;
        const wanted = change(structuredClone(current));
        if (wanted === undefined) return current;
        pinned = wanted.metadata.resourceVersion !== resourceVersion;
        if (pinned && wanted.metadata.resourceVersion !== undefined) throw conflict(definition, name);
        return this.#write(definition, current, wanted, subresource, dryRun);
      },
      (error) => !pinned && isRace(error),
    );
  }

  async apply<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
    config: Readonly<Record<string, unknown>>,
    options: ApplyOptions,
  ): Promise<Applied<T>> {
    const { subresource } = options;
    authorize(this.#session.actor, { verb: "patch", definition, namespace, name, subresource });
    return applyObject(this.#session, definition, { namespace, name }, config, options);
  }

  async delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    options: WriteOptions & Preconditions & Propagation = {},
  ): Promise<KubeObject> {
    authorize(this.#session.actor, { verb: "delete", definition, namespace, name });
    refuseImmortal(definition, name);
    return deleteObject(this.#session, definition, { namespace, name }, options);
  }

  async deleteCollection(
    definition: ResourceDefinition,
    query: DeletionQuery,
    options: WriteOptions & Preconditions & Propagation = {},
  ): Promise<DeletedPage> {
    authorize(this.#session.actor, { verb: "deletecollection", definition, namespace: query.namespace });
    return deleteCollection(this.#session, definition, query, options);
  }

  /**
   * From what is known of the object at the revision that the caller names: the commit judges that it is the current one.
   * `undefined` where that is not known, nothing would change, or anything fails: then it must be read.
   */
  async #updateKnown<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    object: T,
    subresource: WrittenSubresource | undefined,
    dryRun: boolean | undefined,
  ): Promise<T | undefined> {
    const { namespace = "", name, resourceVersion } = object.metadata;
    if (resourceVersion === undefined || dryRun === true) return undefined;
    const { admission, reader } = this.#session;
    const known = await reader.known(definition, namespace, name, resourceVersion);
    if (known === undefined) return undefined;
    try {
      const planned = await planUpdate(admission, definition, known, object, subresource);
      return planned.changesNothing ? undefined : await commitPlanned(this.#session, planned, []);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  async #write<T extends KubeObject>(
    definition: ResourceDefinition<T>,
    current: T,
    wanted: T,
    subresource: WrittenSubresource | undefined,
    dryRun: boolean | undefined,
  ): Promise<T> {
    const planned = await planUpdate(this.#session.admission, definition, current, wanted, subresource);
    return planned.changesNothing ? current : commitPlanned(this.#session, planned, [], dryRun);
  }

  #authorizeOperation({ action, definition, object: { metadata } }: Operation): void {
    const { namespace, name } = metadata;
    authorize(this.#session.actor, {
      verb: action,
      definition,
      namespace,
      ...(action === "create" ? {} : { name }),
    });
  }

  async #planOperation(
    { action, definition, object }: Operation,
    creatorId?: string,
  ): Promise<Planned | undefined> {
    if (action === "create") return planCreate(this.#session.admission, definition, object, creatorId);
    const { namespace = "", name } = object.metadata;
    const current = await currentObject(this.#session, definition, namespace, name);
    if (action === "delete") refuseImmortal(definition, name);
    if (action === "delete") return planDelete(this.#session.admission, definition, current);
    const planned = await planUpdate(this.#session.admission, definition, current, object, undefined);
    return planned.changesNothing ? undefined : planned;
  }
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
