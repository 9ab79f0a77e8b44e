/**
 * The store behind Tokens of ext.cattle.io: Secrets in `cattle-tokens`, of which everybody sees and changes his own, and who
 * may do everything those of all (auth.md 3.7). Another's is not found. Whatever type is named, this one is meant.
 */
import type { KubeObject } from "../../../schema/object.ts";
import { allows } from "../../../schema/rbac/evaluate.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import {
  extensionTokenNamespace as namespace,
  extensionUserLabel,
  isExtensionToken,
} from "../../../schema/resources/core/extension-tokens.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import {
  appliedSecret,
  changedSecret,
  tokenOfSecret,
} from "../../../schema/resources/ext.cattle.io/token-rows.ts";
import { tokens } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import type { ExtensionToken } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import { parseLabelSelector } from "../../../schema/select/labels.ts";
import { authorize } from "../../../schema/store/authorize.ts";
import type { Actor, Verb } from "../../../schema/store/authorize.ts";
import type { ApplyOptions, WriteOptions } from "../../../schema/store/contract.ts";
import { StoreError, conflict, isStoreError, notFound } from "../../../schema/store/errors.ts";
import type { PageQuery } from "../../../schema/store/pages.ts";
import type { ListFilter } from "../../../schema/store/reader.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemActor } from "../context.ts";
import type { AppContext } from "../context.ts";
import type { Identity } from "../../identity/identity.ts";
import { fullName } from "../../identity/token-records.ts";
import { ttlPolicy } from "../auth/tokens.ts";
import type { CallRows } from "../kube/local/call.ts";
import { createToken } from "./new-token.ts";
import { judgeToken } from "./token-rules.ts";

/** Which rows a caller's requests are about. */
export function tokenRows(identity: Identity, verb: Verb): CallRows {
  // Asks for the right to everything, as it is named in rules.
  const everything = { verb, group: "*", resource: "*" };
  const mayAll = allows(identity.rules, everything);
  // A service account's name is no label, and nothing is labelled with it.
  const isUser = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(identity.userId);
  const whose = mayAll ? "" : isUser ? `,${extensionUserLabel}=${identity.userId}` : ",cattle.io/kind=";
  return {
    namespace,
    labelText: `cattle.io/kind=token${whose}`,
    ...(mayAll ? { asks: everything } : {}),
    shown: (row) => shownTo(identity, row),
  };
}

function shownTo({ token }: Identity, row: Secret): ExtensionToken {
  const shown = tokenOfSecret(row);
  const current = fullName({ kind: "ext", name: shown.metadata.name }) === token.name;
  return { ...shown, status: { ...shown.status, current } };
}

export function tokenStore(c: AppContext, identity: Identity, actor: Actor): BoundStore {
  const settings = c.get("settings");
  const rows = c.get("store").as(systemActor("ext-tokens", actor.manager));
  const shown = (row: KubeObject): ExtensionToken => shownTo(identity, row);

  const mayAll = (verb: Verb): boolean => tokenRows(identity, verb).asks !== undefined;
  const isHidden = (verb: Verb, row: Secret): boolean =>
    !isExtensionToken(row) ||
    (row.metadata.labels?.[extensionUserLabel] !== identity.userId && !mayAll(verb));
  /** Throws `NotFound`, for another's too. */
  const own = async (verb: Verb, name: string): Promise<Secret> => {
    authorize(actor, { verb, definition: tokens, name });
    const row = await absentAsUndefined(rows.get<Secret>(secrets, namespace, name));
    if (row === undefined || isHidden(verb, row)) throw notFound(tokens, name);
    return row;
  };
  const scoped = <Q extends Partial<PageQuery>>(verb: Verb, query: Q): Q => ({
    ...query,
    namespace,
    labels: [...(query.labels ?? []), ...parseLabelSelector(tokenRows(identity, verb).labelText)],
    // No token is in a namespace.
    ...((query.namespace ?? "") === "" ? {} : { names: [] }),
  });
  const modify = async (
    verb: "update" | "patch",
    name: string,
    change: (current: ExtensionToken) => ExtensionToken | undefined,
    options: WriteOptions,
  ): Promise<ExtensionToken> => {
    await own(verb, name);
    const policy = await ttlPolicy(settings);
    const changed = (row: Secret): Secret | undefined => {
      if (isHidden(verb, row)) throw notFound(tokens, name);
      const wanted = change(shown(structuredClone(row)));
      return wanted && changedSecret(row, judgeToken(wanted, tokenOfSecret(row), policy), new Date());
    };
    return shown(await rows.modify<Secret>(secrets, namespace, name, changed, options));
  };

  const store: BoundStore = {
    get: async <T extends KubeObject>(_: ResourceDefinition<T>, _namespace: string, name: string) =>
      shown(await own("get", name)) as KubeObject as T,
    list: async <T extends KubeObject>(_: ResourceDefinition<T>, { names }: ListFilter = {}) => {
      authorize(actor, { verb: "list", definition: tokens });
      const { items, revision } = await rows.list<Secret>(secrets, {
        namespace,
        ...(names === undefined ? {} : { names }),
      });
      const visible = items.filter((row) => !isHidden("list", row));
      return { items: visible.map((row) => shown(row) as KubeObject as T), revision };
    },
    create: async <T extends KubeObject>(_: ResourceDefinition<T>, object: T, options: WriteOptions = {}) => {
      authorize(actor, { verb: "create", definition: tokens });
      const wanted = judgeToken(object);
      const made = await createToken({ rows, settings, identity }, wanted, options.dryRun === true);
      return made as KubeObject as T;
    },
    update: async <T extends KubeObject>(_: ResourceDefinition<T>, object: T, options: WriteOptions = {}) => {
      const { name } = object.metadata;
      const wanted = (current: ExtensionToken): ExtensionToken => {
        const { resourceVersion = current.metadata.resourceVersion } = object.metadata;
        return {
          ...(object as KubeObject as ExtensionToken),
          metadata: { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        };
      };
      return named(name, modify("update", name, wanted, options)) as Promise<KubeObject> as Promise<T>;
    },
    modify: async <T extends KubeObject>(
      _: ResourceDefinition<T>,
      _namespace: string,
      name: string,
      change: (current: T) => T | undefined,
      { dryRun = false, verb = "update" }: Parameters<BoundStore["modify"]>[4] = {},
    ) => {
      const wanted = (current: ExtensionToken): ExtensionToken | undefined =>
        change(current as KubeObject as T);
      return named(name, modify(verb, name, wanted, { dryRun })) as Promise<KubeObject> as Promise<T>;
    },
    apply: async <T extends KubeObject>(
      _: ResourceDefinition<T>,
      _namespace: string,
      name: string,
      config: Readonly<Record<string, unknown>>,
      options: ApplyOptions,
    ) => {
      const row = await own("patch", name);
      const current = tokenOfSecret(row);
      const given = config as unknown as ExtensionToken;
      const { spec } = judgeToken(
        { ...given, spec: { ...current.spec, ...given.spec } },
        current,
        await ttlPolicy(settings),
      );
      // What is not given is not applied; what is, as it was judged.
      const said = Object.fromEntries(
        Object.entries(spec ?? {}).filter(([member]) => Object.hasOwn(given.spec ?? {}, member)),
      );
      const applied = appliedSecret(row.metadata, { metadata: given.metadata, spec: said });
      const { object } = await named(name, rows.apply<Secret>(secrets, namespace, name, applied, options));
      return { object: shown(object) as KubeObject as T, created: false };
    },
    delete: async (_, _namespace, name, options) => {
      const { uid = "" } = (await own("delete", name)).metadata;
      // Not one that was made anew under the name meanwhile, and may be another's.
      const gone = rows.delete(secrets, namespace, name, { uid, ...options });
      return shown(await named(name, gone));
    },
    deleteCollection: async (_, query, options) => {
      authorize(actor, { verb: "deletecollection", definition: tokens });
      const page = await rows.deleteCollection(secrets, scoped("deletecollection", query), options);
      return { ...page, items: page.items.map(shown) };
    },
    metadata: c.get("store").as(actor).metadata,
    texts: {
      get: async (_, _namespace, name) => JSON.stringify(shown(await own("get", name))),
      page: async (_, query, verb = "list") => {
        authorize(actor, { verb, definition: tokens, name: onlyName(query) });
        const page = await rows.texts.page(secrets, scoped(verb, query), verb);
        return {
          ...page,
          texts: page.texts.map((text) => JSON.stringify(shown(JSON.parse(text) as KubeObject))),
        };
      },
      versions: async (_, query) => {
        authorize(actor, { verb: "list", definition: tokens, name: onlyName(query) });
        return rows.texts.versions(secrets, scoped("list", query));
      },
      mayWatch: (_, _namespace, name) => authorize(actor, { verb: "watch", definition: tokens, name }),
      unseal: async (_, from) => rows.texts.unseal(secrets, from),
      revision: rows.texts.revision,
    },
  };
  return store;
}

function onlyName({ names }: Pick<PageQuery, "names">): string | undefined {
  return names?.length === 1 ? names[0] : undefined;
}

/** What fails about the row is said of the token. */
async function named<T>(name: string, attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    if (isStoreError(error, "NotFound")) throw notFound(tokens, name);
    if (!isStoreError(error)) throw error;
    const { message, causes } = error;
    if (error.code === "Conflict" && causes === undefined) throw conflict(tokens, name, reasonOf(message));
    throw new StoreError(
      error.code,
      message.replaceAll(`secrets "${name}"`, `tokens.ext.cattle.io "${name}"`),
      {
        ...(causes === undefined ? {} : { causes }),
        subject: { definition: tokens, name },
      },
    );
  }
}

/** What stands behind the name of the object. */
function reasonOf(message: string): string | undefined {
  return /^Operation cannot be fulfilled on \S+ "[^"]*": (.*)$/s.exec(message)?.[1];
}
