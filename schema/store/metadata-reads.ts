/**
 * Reads over all types, for those who look after objects of any: the garbage collector, and the end of a namespace. Each is
 * one short statement and gives metadata alone; no sealed member is opened.
 */
import type { Sql } from "postgres";
import type { ObjectMeta } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { authorize } from "./authorize.ts";
import type { Actor } from "./authorize.ts";
import { isStorable, ownerIndex } from "./encoding.ts";
import { namespacesLacking } from "./namespaces-lacking.ts";
import type { NamespaceDefaults } from "./namespaces-lacking.ts";
import type { ObjectKey } from "./types.ts";

export interface FoundObject {
  /** `typeKey()`; of a type that the registry may not know. */
  readonly type: string;
  /** With its resourceVersion. */
  readonly metadata: ObjectMeta;
}

export interface FoundPage {
  readonly items: readonly FoundObject[];
  /** Where the next page begins; absent at the end. */
  readonly next?: ObjectKey;
}

/** All throw `Forbidden` unless the actor may list the types of what is found. */
export interface MetadataReads {
  /** `undefined` when no object has this uid. */
  readonly byUid: (uid: string) => Promise<FoundObject | undefined>;
  /** Those with the uid among their owners, by type, namespace and name. `limit`: at least 1. */
  readonly dependents: (uid: string, limit: number, after?: ObjectKey) => Promise<FoundPage>;
  /** Of these types in one namespace, likewise. */
  readonly inNamespace: (
    types: readonly ResourceDefinition[],
    namespace: string,
    limit: number,
    after?: ObjectKey,
  ) => Promise<FoundPage>;
  /** Names of namespaces, for whoever may list all of them. */
  readonly namespacesLacking: (
    defaults: NamespaceDefaults,
    limit: number,
    after?: string,
  ) => Promise<string[]>;
}

interface Row extends ObjectKey {
  readonly revision: number;
  readonly body: string;
}

/** Enough to judge rights by: of another version of this program, or of a definition that is gone. */
function unknownType(key: string): ResourceDefinition {
  const [plural = "", ...group] = key.split(".");
  return {
    group: group.join("."),
    version: "",
    kind: "",
    plural,
    singular: "",
    scope: "Namespaced",
    schema: () => ({}),
  };
}

export function createMetadataReads(
  actor: Actor,
  open: () => Sql,
  typeOf: (key: string) => ResourceDefinition | undefined,
): MetadataReads {
  const found = (rows: readonly Row[]): FoundObject[] =>
    rows.map(({ type, namespace, revision, body }) => {
      authorize(actor, { verb: "list", definition: typeOf(type) ?? unknownType(type), namespace });
      const { metadata } = JSON.parse(body) as { readonly metadata: ObjectMeta };
      return { type, metadata: { ...metadata, resourceVersion: String(revision) } };
    });
  const page = (rows: readonly Row[], limit: number): FoundPage => {
    const last = rows[limit - 1];
    const items = found(rows.slice(0, limit));
    if (rows.length <= limit || last === undefined) return { items };
    const { type, namespace, name } = last;
    return { items, next: { type, namespace, name } };
  };
  return {
    async byUid(uid) {
      if (!isStorable(uid)) return undefined;
      return found(
        await open()<Row[]>`
          select o.type, o.namespace, o.name, o.revision::float8 as revision, o.body from objects o
          where o.uid = ${uid}`,
      )[0];
    },
    async dependents(uid, limit, after) {
      if (!isStorable(uid)) return { items: [] };
      const sql = open();
      return page(
        await sql<Row[]>`
          select o.type, o.namespace, o.name, o.revision::float8 as revision, o.body from objects o
          where o.fields @> ${JSON.stringify({ [ownerIndex]: [uid] })}::text::jsonb
            ${after === undefined ? sql`` : sql`and (o.type, o.namespace, o.name) > (${after.type}, ${after.namespace}, ${after.name})`}
          order by o.type, o.namespace, o.name limit ${limit + 1}`,
        limit,
      );
    },
    async inNamespace(types, namespace, limit, after) {
      const names = types.map(typeKey);
      const sql = open();
      // A type at a time by its primary key: there is no index on namespaces alone, and most types have nothing in one.
      return page(
        await sql<Row[]>`
          select o.type, o.namespace, o.name, o.revision::float8 as revision, o.body
          from json_array_elements_text(${JSON.stringify(names)}::text::json) as t(type), lateral (
            select * from objects o where o.type = t.type and o.namespace = ${namespace}
              ${after === undefined ? sql`` : sql`and (o.type, o.name) > (${after.type}, ${after.name})`}
            order by o.name limit ${limit + 1}
          ) o
          order by o.type, o.name limit ${limit + 1}`,
        limit,
      );
    },
    async namespacesLacking(defaults, limit, after) {
      authorize(actor, { verb: "list", definition: typeOf("namespaces") ?? unknownType("namespaces") });
      return namespacesLacking(open(), defaults, limit, after);
    },
  };
}
