/**
 * The store behind types of ext.cattle.io whose objects are rows in `cattle-tokens`, of which everybody sees and changes his
 * own, and who may do everything those of all (auth.md 3.7, 3.8). Another's is not found. Whatever type is named, that of the
 * store is meant.
 */
import type { KubeObject } from "../../../schema/object.ts";
import { allows } from "../../../schema/rbac/evaluate.ts";
import { typeKey } from "../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import {
  extensionKindLabel,
  extensionTokenNamespace as namespace,
  extensionUserLabel,
} from "../../../schema/resources/core/extension-tokens.ts";
import { parseLabelSelector } from "../../../schema/select/labels.ts";
import { authorize } from "../../../schema/store/authorize.ts";
import type { Actor, Verb } from "../../../schema/store/authorize.ts";
import type { ApplyOptions, WriteOptions } from "../../../schema/store/contract.ts";
import { StoreError, conflict, isStoreError, notFound } from "../../../schema/store/errors.ts";
import type { PageQuery } from "../../../schema/store/pages.ts";
import type { ListFilter } from "../../../schema/store/reader.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import type { Identity } from "../../identity/identity.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemActor } from "../context.ts";
import type { AppContext } from "../context.ts";
import type { CallRows } from "../kube/local/call.ts";
import type { OwnType } from "./own-type.ts";

type Any = KubeObject & { spec?: object };

/** Which rows a caller's requests are about. */
export function ownRows<T extends Any, R extends KubeObject>(
  { kind, shown }: OwnType<T, R>,
  identity: Identity,
  verb: Verb,
): CallRows {
  // Asks for the right to everything, as it is named in rules.
  const everything = { verb, group: "*", resource: "*" };
  const mayAll = allows(identity.rules, everything);
  // A service account's name is no label, and nothing is labelled with it.
  const isUser = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(identity.userId);
  const owner = isUser ? `,${extensionUserLabel}=${identity.userId}` : `,${extensionKindLabel}=`;
  return {
    namespace,
    labelText: `${extensionKindLabel}=${kind}${mayAll ? "" : owner}`,
    ...(mayAll ? { asks: everything } : {}),
    shown: (row) => shown(row as R, identity),
  };
}

export function ownStore<T extends Any, R extends KubeObject>(
  c: AppContext,
  identity: Identity,
  actor: Actor,
  type: OwnType<T, R>,
): BoundStore {
  const { definition, of } = type;
  const settings = c.get("settings");
  const rows = c.get("store").as(systemActor("ext", actor.manager));
  const shown = (row: KubeObject): T => type.shown(row as R, identity);
  const isHidden = (verb: Verb, { metadata: { labels } }: R): boolean =>
    labels?.[extensionKindLabel] !== type.kind ||
    (labels[extensionUserLabel] !== identity.userId && ownRows(type, identity, verb).asks === undefined);
  /** Throws `NotFound`, for another's too. */
  const own = async (verb: Verb, name: string): Promise<R> => {
    authorize(actor, { verb, definition, name });
    const row = await absentAsUndefined(rows.get(of, namespace, name));
    if (row === undefined || isHidden(verb, row)) throw notFound(definition, name);
    return row;
  };
  const scoped = <Q extends Partial<PageQuery>>(verb: Verb, query: Q): Q => ({
    ...query,
    namespace,
    labels: [...(query.labels ?? []), ...parseLabelSelector(ownRows(type, identity, verb).labelText)],
    // None is in a namespace.
    ...((query.namespace ?? "") === "" ? {} : { names: [] }),
  });
  const modify = async (
    verb: "update" | "patch",
    name: string,
    change: (current: T) => T | undefined,
    options: WriteOptions,
  ): Promise<T> => {
    await own(verb, name);
    const judged = await type.judge(settings);
    const changed = (row: R): R | undefined => {
      if (isHidden(verb, row)) throw notFound(definition, name);
      const wanted = change(shown(structuredClone(row)));
      return wanted && type.changedRow(row, judged(wanted, shown(row)));
    };
    return shown(await named(definition, of, name, rows.modify(of, namespace, name, changed, options)));
  };
  /** Of all that a deletion of the collection will find. */
  const clearBefore = async (query: Omit<PageQuery, "type" | "limit">): Promise<void> => {
    const { beforeDelete } = type;
    for (let from = query; beforeDelete !== undefined;) {
      const page = await rows.texts.page(of, { ...from, limit: 500 });
      for (const text of page.texts) await beforeDelete(rows, JSON.parse(text) as R);
      if (page.next === undefined) return;
      from = { ...query, at: page.revision, after: page.next };
    }
  };

  // Callers name the type of the store, and get its objects.
  const given = (object: KubeObject): T => object as T;
  const told = (object: T): never => object as never;
  return {
    get: async <G extends KubeObject>(_: ResourceDefinition<G>, _namespace: string, name: string) =>
      told(shown(await own("get", name))),
    list: async <G extends KubeObject>(_: ResourceDefinition<G>, { names }: ListFilter = {}) => {
      authorize(actor, { verb: "list", definition });
      const filter = { namespace, ...(names === undefined ? {} : { names }) };
      const { items, revision } = await rows.list(of, filter);
      const visible = items.filter((row) => !isHidden("list", row));
      return { items: visible.map((row) => told(shown(row))), revision };
    },
    create: async <G extends KubeObject>(_: ResourceDefinition<G>, object: G, options: WriteOptions = {}) => {
      authorize(actor, { verb: "create", definition });
      const deps = { c, rows, settings, identity };
      return told(await type.create(deps, given(object), options.dryRun === true));
    },
    update: async <G extends KubeObject>(_: ResourceDefinition<G>, object: G, options: WriteOptions = {}) => {
      const { name } = object.metadata;
      const wanted = (current: T): T => {
        const { resourceVersion = current.metadata.resourceVersion } = object.metadata;
        const version = resourceVersion === undefined ? {} : { resourceVersion };
        return { ...given(object), metadata: { ...object.metadata, ...version } };
      };
      return told(await modify("update", name, wanted, options));
    },
    modify: async <G extends KubeObject>(
      _: ResourceDefinition<G>,
      _namespace: string,
      name: string,
      change: (current: G) => G | undefined,
      { dryRun = false, verb = "update" }: Parameters<BoundStore["modify"]>[4] = {},
    ) => {
      const wanted = (current: T): T | undefined => {
        const changed = change(told(current));
        return changed && given(changed);
      };
      return told(await modify(verb, name, wanted, { dryRun }));
    },
    apply: async <G extends KubeObject>(
      _: ResourceDefinition<G>,
      _namespace: string,
      name: string,
      config: Readonly<Record<string, unknown>>,
      options: ApplyOptions,
    ) => {
      const row = await own("patch", name);
      const current = shown(row);
      const { metadata, spec = {} } = config as unknown as Any;
      const judged = await type.judge(settings);
      const { spec: all = {} } = judged({ ...current, spec: { ...current.spec, ...spec } }, current);
      // What is not given is not applied; what is, as it was judged.
      const said = Object.fromEntries(Object.entries(all).filter(([member]) => Object.hasOwn(spec, member)));
      const applied = type.appliedRow(row.metadata, { metadata, spec: said as never });
      const attempt = rows.apply(of, namespace, name, applied, options);
      const { object } = await named(definition, of, name, attempt);
      return { object: told(shown(object)), created: false };
    },
    delete: async (_, _namespace, name, options = {}) => {
      const row = await own("delete", name);
      const { uid = "" } = row.metadata;
      const isHeldBack =
        options.dryRun === true || options.uid !== undefined || options.resourceVersion !== undefined;
      if (!isHeldBack) await type.beforeDelete?.(rows, row);
      // Not one that was made anew under the name meanwhile, and may be another's.
      const attempt = rows.delete(of, namespace, name, { uid, ...options });
      if (type.beforeDelete === undefined) return shown(await named(definition, of, name, attempt));
      // It may go by itself with what went before it.
      const last = await named(definition, of, name, isHeldBack ? attempt : absentAsUndefined(attempt));
      if (isHeldBack && options.dryRun !== true) await type.beforeDelete(rows, row);
      return shown(last ?? row);
    },
    deleteCollection: async (_, query, options = {}) => {
      authorize(actor, { verb: "deletecollection", definition });
      const wanted = scoped("deletecollection", query);
      if (options.dryRun !== true) await clearBefore(wanted);
      const page = await rows.deleteCollection(of, wanted, options);
      return { ...page, items: page.items.map(shown) };
    },
    metadata: c.get("store").as(actor).metadata,
    texts: {
      get: async (_, _namespace, name) => JSON.stringify(shown(await own("get", name))),
      page: async (_, query, verb = "list") => {
        authorize(actor, { verb, definition, name: onlyName(query) });
        const page = await rows.texts.page(of, scoped(verb, query), verb);
        const texts = page.texts.map((text) => JSON.stringify(shown(JSON.parse(text) as KubeObject)));
        return { ...page, texts };
      },
      versions: async (_, query) => {
        authorize(actor, { verb: "list", definition, name: onlyName(query) });
        return rows.texts.versions(of, scoped("list", query));
      },
      mayWatch: (_, _namespace, name) => authorize(actor, { verb: "watch", definition, name }),
      unseal: async (_, from) => rows.texts.unseal(of, from),
      revision: rows.texts.revision,
    },
  };
}

function onlyName({ names }: Pick<PageQuery, "names">): string | undefined {
  return names?.length === 1 ? names[0] : undefined;
}

/** What fails about the row is said of the object. */
async function named<T>(
  definition: ResourceDefinition,
  of: ResourceDefinition,
  name: string,
  attempt: Promise<T>,
): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    if (isStoreError(error, "NotFound")) throw notFound(definition, name);
    if (!isStoreError(error)) throw error;
    const { message, causes } = error;
    if (error.code === "Conflict" && causes === undefined)
      throw conflict(definition, name, reasonOf(message));
    const text = message.replaceAll(`${typeKey(of)} "${name}"`, `${typeKey(definition)} "${name}"`);
    throw new StoreError(error.code, text, {
      ...(causes === undefined ? {} : { causes }),
      subject: { definition, name },
    });
  }
}

/** What stands behind the name of the object. */
function reasonOf(message: string): string | undefined {
  return /^Operation cannot be fulfilled on \S+ "[^"]*": (.*)$/s.exec(message)?.[1];
}
