/** A list as a table: the versions of its objects are read, and the objects only where their rows are not known yet. */
import type { KubeObject } from "../../../../schema/object.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import type { PageKey, PageQuery } from "../../../../schema/store/pages.ts";
import type { TextPage, Version, VersionPage } from "../../../../schema/store/text-reads.ts";
import type { Call } from "./call.ts";
import type { ListMeta } from "./partial-metadata.ts";
import { knownRowTexts, rowMaker, rowTextAt } from "./table-rows.ts";
import type { RowForm, RowText } from "./table-rows.ts";
import { columnsOf, definitionOf, includeObjectOf } from "./table.ts";

/** Versions of one statement of a list without `limit`: they are short. */
export const versionRows = 10_000;
/** Rows that are made, and sent, together. */
const runRows = 500;
/** Fewer objects than this of a run are read by their names. */
const fewRows = 50;

/** Of all lists of this isolate; its memory is 128 MB. */
const known = knownRowTexts(12 << 20);
/** What a row shows depends on the declaration too: of a custom type, a changed one is another object. */
const declarations = new WeakMap<ResourceDefinition, number>();
let declared = 0;

/** The JSON text of the table, in parts. `first`: the versions of its objects; `goesOn`: and then those of what follows. */
export async function* tableText(
  call: Call,
  query: Omit<PageQuery, "type" | "filter">,
  first: VersionPage,
  metadata: ListMeta,
  goesOn: boolean,
): AsyncGenerator<string> {
  const { definition, output } = call;
  const { apiVersion } = output;
  const form: RowForm = { includeObject: includeObjectOf(call.query), apiVersion };
  const columnDefinitions = columnsOf(definition).map(definitionOf);
  const head = JSON.stringify({ kind: "Table", apiVersion, metadata, columnDefinitions });
  yield `${head.slice(0, -1)},"rows":[`;
  const now = new Date();
  let separator = "";
  for await (const rows of rowsOf(call, { ...query, at: first.revision }, first, form, goesOn)) {
    yield separator + rows.map((row) => rowTextAt(row, now)).join(",");
    separator = ",";
  }
  yield "]}\n";
}

async function* rowsOf(
  call: Call,
  query: Omit<PageQuery, "type" | "filter">,
  first: VersionPage,
  form: RowForm,
  goesOn: boolean,
): AsyncGenerator<readonly RowText[]> {
  let { after } = query;
  for (let page = first; ;) {
    for (let from = 0; from < page.versions.length; from += runRows) {
      const run = page.versions.slice(from, from + runRows);
      yield await rowsOfRun(call, { ...query, limit: run.length, ...(after && { after }) }, run, form);
      after = keyOf(run.at(-1)) ?? after;
    }
    if (!goesOn || page.next === undefined) return;
    page = await call.store.texts.versions(call.definition, { ...query, after: page.next });
  }
}

/** `query`: finds exactly the objects of `run`. */
async function rowsOfRun(
  { store, definition }: Call,
  query: Omit<PageQuery, "type" | "filter">,
  run: readonly Version[],
  form: RowForm,
): Promise<readonly RowText[]> {
  const keyed = `${declarationOf(definition)} ${form.includeObject} ${form.apiVersion}`;
  const keys = run.map(({ uid, revision }) => `${keyed} ${uid} ${revision}`);
  const rows = new Map(
    keys.flatMap((key) => {
      const row = known.get(key);
      return row === undefined ? [] : [[key, row] as const];
    }),
  );
  if (rows.size < keys.length) {
    const missing = run.filter((_, index) => !rows.has(keys[index] ?? ""));
    const few = missing.length < fewRows && query.names === undefined;
    const names = few ? { names: missing.map(({ name }) => name) } : {};
    const make = rowMaker(definition, form);
    let wanted: typeof query | undefined = { ...query, ...names };
    while (wanted !== undefined && rows.size < keys.length) {
      const page: TextPage = await store.texts.page(definition, wanted);
      for (const text of page.texts) {
        const object = JSON.parse(text) as KubeObject;
        const key = `${keyed} ${object.metadata.uid} ${object.metadata.resourceVersion}`;
        const row = make(object);
        known.set(key, row);
        rows.set(key, row);
      }
      // Large objects come in more than one page.
      wanted = page.next && { ...wanted, after: page.next };
    }
  }
  return keys.map((key) => {
    const row = rows.get(key);
    if (row === undefined) throw new Error("two reads of one revision differ");
    return row;
  });
}

function declarationOf(definition: ResourceDefinition): number {
  const found = declarations.get(definition) ?? ++declared;
  declarations.set(definition, found);
  return found;
}

function keyOf(version: Version | undefined): PageKey | undefined {
  return version && { namespace: version.namespace, name: version.name };
}
