/** The store behind a type whose rows are another type's: every call is one of that type, in its shape. */
import type { KubeObject } from "../../../../schema/object.ts";
import { absentAsUndefined } from "../../../store/absent.ts";
import type { ScopedRule } from "../../../../schema/rbac/types.ts";
import type { ResourceDefinition, View } from "../../../../schema/resource.ts";
import type { Actor } from "../../../../schema/store/authorize.ts";
import { invalidObject } from "../../../../schema/store/errors.ts";
import type { ListFilter } from "../../../../schema/store/reader.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";

/** Who has rights on the shown type, as one who has the same on the type of the rows, and no others. */
export function viewActor(actor: Actor, shown: ResourceDefinition, { of }: View): Actor {
  const has = (names: readonly string[] | undefined, name: string): boolean =>
    names !== undefined && (names.includes("*") || names.includes(name));
  const rules = actor.rules
    .filter(({ apiGroups, resources }) => has(apiGroups, shown.group) && has(resources, shown.plural))
    .map((rule): ScopedRule => ({ ...rule, apiGroups: [of.group], resources: [of.plural] }));
  return { ...actor, rules };
}

type CreateOptions = Parameters<BoundStore["create"]>[2];
type WriteOptions = Parameters<BoundStore["update"]>[2];
type ApplyOptions = Parameters<BoundStore["apply"]>[4];
type ModifyOptions = Parameters<BoundStore["modify"]>[4];

/**
 * `store`: of the `viewActor`. `rows`: of the server itself, for rules that compare with what is there. Whatever type is
 * named, the view's is meant.
 */
export function viewStore(
  store: BoundStore,
  rows: Pick<BoundStore, "get">,
  { of, toStored, standing, fromStored, validate }: View,
): BoundStore {
  const judged = (object: KubeObject, old?: KubeObject): KubeObject => {
    const stored: KubeObject = { ...standing, ...toStored(object) };
    const errors = validate(stored, old);
    if (errors.length > 0) throw invalidObject(of, stored.metadata.name, errors);
    return stored;
  };
  const { texts } = store;
  const shownText = (text: string): string => JSON.stringify(fromStored(JSON.parse(text) as KubeObject));
  return {
    get: async <T extends KubeObject>(_: ResourceDefinition<T>, namespace: string, name: string) =>
      fromStored(await store.get(of, namespace, name)) as T,
    list: async <T extends KubeObject>(_: ResourceDefinition<T>, filter?: ListFilter) => {
      const { items, revision } = await store.list(of, filter);
      return { items: items.map((item) => fromStored(item) as T), revision };
    },
    create: async <T extends KubeObject>(_: ResourceDefinition<T>, object: T, options?: CreateOptions) =>
      fromStored(await store.create(of, judged(object), options)) as T,
    // By `modify`, which has the state that the new one must be judged against.
    update: async <T extends KubeObject>(_: ResourceDefinition<T>, object: T, options?: WriteOptions) => {
      const { namespace = "", name, resourceVersion, uid } = object.metadata;
      const change = (current: KubeObject): KubeObject => {
        const wanted = judged(object, current);
        return {
          ...wanted,
          metadata: {
            ...wanted.metadata,
            ...(uid === undefined ? {} : { uid }),
            resourceVersion: resourceVersion ?? current.metadata.resourceVersion ?? "",
          },
        };
      };
      return fromStored(await store.modify(of, namespace, name, change, options)) as T;
    },
    modify: async <T extends KubeObject>(
      _: ResourceDefinition<T>,
      namespace: string,
      name: string,
      change: (current: T) => T | undefined,
      options?: ModifyOptions,
    ) => {
      const changed = await store.modify(
        of,
        namespace,
        name,
        (current) => {
          const wanted = change(fromStored(structuredClone(current)) as T);
          return wanted === undefined ? undefined : judged(wanted, current);
        },
        options,
      );
      return fromStored(changed) as T;
    },
    apply: async <T extends KubeObject>(
      _: ResourceDefinition<T>,
      namespace: string,
      name: string,
      config: Readonly<Record<string, unknown>>,
      options: ApplyOptions,
    ) => {
      const stored = toStored({ ...(config as unknown as KubeObject), kind: of.kind });
      // Judged by what it changes: what a merge leaves as it is breaks no rule.
      const current = await absentAsUndefined(rows.get(of, namespace, name));
      const merged = { ...current, ...stored, metadata: { ...stored.metadata, name } };
      const errors = validate(merged, current);
      if (errors.length > 0) throw invalidObject(of, name, errors);
      const applied = await store.apply(of, namespace, name, { ...stored }, options);
      return { ...applied, object: fromStored(applied.object) as T };
    },
    delete: async (_, namespace, name, options) =>
      fromStored(await store.delete(of, namespace, name, options)),
    deleteCollection: async (_, query, options) => {
      const page = await store.deleteCollection(of, query, options);
      return { ...page, items: page.items.map(fromStored) };
    },
    metadata: store.metadata,
    texts: {
      get: async (_, namespace, name, subresource) =>
        shownText(await texts.get(of, namespace, name, subresource)),
      page: async (_, query, verb) => {
        const page = await texts.page(of, query, verb);
        return { ...page, texts: page.texts.map(shownText) };
      },
      versions: (_, query) => texts.versions(of, query),
      mayWatch: (_, namespace, name) => texts.mayWatch(of, namespace, name),
      unseal: (_, from) => texts.unseal(of, from),
      revision: texts.revision,
    },
  };
}
