/** Reads that give objects as JSON text, for faces that pass them on: nothing is parsed, rights are judged. */
import type { Sql } from "postgres";
import { reshapedText } from "../custom/reshape.ts";
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Sealer } from "../seal/sealer.ts";
import { authorize } from "./authorize.ts";
import type { Actor } from "./authorize.ts";
import { placeOf } from "./encoding.ts";
import type { StoredRow } from "./encoding.ts";
import { notFound } from "./errors.ts";
import { readRevision } from "./log.ts";
import { readPage } from "./pages.ts";
import type { Page, PageQuery } from "./pages.ts";
import type { ReadRow } from "./rows.ts";
import { currentFormText, inCurrentForm } from "./stored-form.ts";
import { objectText } from "./text.ts";

export interface TextPage extends Omit<Page, "rows"> {
  readonly texts: readonly string[];
}

/** Which objects a page has, each as of which revision. */
export interface VersionPage extends Omit<Page, "rows"> {
  readonly versions: readonly Version[];
}

export type Version = Pick<StoredRow, "namespace" | "name" | "uid" | "revision">;

export interface TextReads {
  /** Throws `Forbidden`, `NotFound`. The right to get the subresource, if one is named, is another. */
  readonly get: (
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    subresource?: string,
  ) => Promise<string>;
  /** Throws `Forbidden`, `Expired`. With one name, the right to list (or watch) that name is enough. */
  readonly page: (
    definition: ResourceDefinition,
    query: Omit<PageQuery, "type">,
    verb?: "list" | "watch",
  ) => Promise<TextPage>;
  /** As `page`, for one who may know the texts of these versions already. No `filter`. */
  readonly versions: (
    definition: ResourceDefinition,
    query: Omit<PageQuery, "type" | "filter">,
  ) => Promise<VersionPage>;
  /** Throws `Forbidden` where the actor may not watch. */
  readonly mayWatch: (definition: ResourceDefinition, namespace: string | undefined, name?: string) => void;
  /** The sensitive members of an object or an event, parsed. Rights have been judged by whoever read it. */
  readonly unseal: (
    definition: ResourceDefinition,
    from: {
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      readonly sealed: string;
    },
  ) => Promise<object>;
  /** Of the store, and the last one that the log has forgotten. */
  readonly revision: () => Promise<{ revision: number; compacted: number }>;
}

export function createTextReads(actor: Actor, open: () => Sql, sealer: Sealer, readRow: ReadRow): TextReads {
  const textOf = async (definition: ResourceDefinition, row: StoredRow): Promise<string> => {
    const secret = row.sealed === null ? null : await sealer.open(row.sealed, placeOf(definition, row));
    if (definition.migrations !== undefined) return currentFormText(definition, row, secret);
    return reshapedText(definition, objectText(row.body, row.revision, secret), row.revision);
  };
  const authorizePage = (
    verb: "list" | "watch",
    definition: ResourceDefinition,
    { namespace, names }: Pick<PageQuery, "namespace" | "names">,
  ): void => {
    const name = names?.length === 1 ? names[0] : undefined;
    authorize(actor, { verb, definition, namespace, name });
  };
  return {
    async get(definition, namespace, name, subresource) {
      authorize(actor, { verb: "get", definition, namespace, name, subresource });
      const row = await readRow({ type: typeKey(definition), namespace, name });
      if (row === undefined) throw notFound(definition, name);
      return textOf(definition, row);
    },
    async versions(definition, query) {
      authorizePage("list", definition, query);
      const { rows, ...page } = await readPage(open(), {
        ...query,
        type: typeKey(definition),
        bodies: false,
      });
      return { ...page, versions: rows };
    },
    async page(definition, query, verb = "list") {
      authorizePage(verb, definition, query);
      const wanted = { ...query, ...currentFilter(definition, query), type: typeKey(definition) };
      const { rows, ...page } = await readPage(open(), wanted);
      return { ...page, texts: await Promise.all(rows.map((row) => textOf(definition, row))) };
    },
    mayWatch(definition, namespace, name) {
      authorize(actor, { verb: "watch", definition, namespace, name });
    },
    async unseal(definition, { sealed, ...place }) {
      return JSON.parse(await sealer.open(sealed, placeOf(definition, place))) as object;
    },
    revision: () => readRevision(open()),
  };
}

/** Field selectors are about what clients see, whatever the form it is stored in. */
function currentFilter(
  definition: ResourceDefinition,
  { filter }: Pick<PageQuery, "filter">,
): Pick<PageQuery, "filter"> {
  if (filter === undefined || definition.migrations === undefined) return {};
  return {
    filter: (body) => filter(JSON.stringify(inCurrentForm(definition, JSON.parse(body) as KubeObject))),
  };
}
