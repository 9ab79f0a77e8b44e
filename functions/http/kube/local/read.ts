/** get and list: JSON text straight from the rows, parsed only where the client wants a table, metadata or YAML. */
import type { KubeObject } from "../../../../schema/object.ts";
import { apiVersionOf, isKubernetesType } from "../../../../schema/resource.ts";
import type { PageQuery } from "../../../../schema/store/pages.ts";
import type { TextPage } from "../../../../schema/store/text-reads.ts";
import { answerList, answerObject, answerText, isPlain, refuseMismatch } from "./answer.ts";
import { nameOf, subresourceOf } from "./call.ts";
import type { Call } from "./call.ts";
import { encodeContinue, parseListOptions, revisionOf, tooLargeRevision } from "./list-options.ts";
import type { ListOptions } from "./list-options.ts";
import { partialMetadataText } from "./partial-metadata.ts";
import type { ListMeta } from "./partial-metadata.ts";
import { tableText, versionRows } from "./table-list.ts";
import { selectionOf } from "./selection.ts";

/** Rows of one statement of a list without `limit` (design 3). */
const pageRows = 500;

export async function get(call: Call): Promise<Response> {
  const { subresource } = subresourceOf(call);
  await refuseFuture(call, revisionOf(call.query.get("resourceVersion")));
  const text = await call.store.texts.get(call.definition, call.namespace, nameOf(call), subresource);
  if (isPlain(call.output)) return answerText(call, text);
  return answerObject(call, JSON.parse(text) as KubeObject);
}

export async function list(call: Call): Promise<Response> {
  const options = parseListOptions(call.query, call.definition, false);
  const at = await listRevision(call, options);
  const query: PageQuery = {
    ...selectionOf(call, options),
    type: "",
    limit: options.limit ?? pageRows,
    ...(at === undefined ? {} : { at }),
    ...(options.from === undefined ? {} : { after: options.from.key }),
  };
  if (isTableText(call, query)) return listTable(call, options, query);
  const first = await call.store.texts.page(call.definition, query);
  const pages = options.limit === undefined ? allPages(call, query, first) : onlyThis(first);
  const metadata = metadataOf(first, options);
  const form = textForm(call);
  if (form !== undefined) return answerText(call, listText({ ...form.head, metadata }, form.item, pages));
  const objects: KubeObject[] = [];
  for await (const { texts } of pages) for (const text of texts) objects.push(JSON.parse(text) as KubeObject);
  return answerList(call, listHead(call), metadata, objects);
}

interface TextForm {
  /** Kind and apiVersion of the list. */
  readonly head: object;
  /** An item from the text of its object. */
  readonly item: (text: string) => string;
}

/** Of lists that parse nothing. Throws `NotAcceptable` where a list is asked for as one object. */
function textForm(call: Call): TextForm | undefined {
  const { definition, output } = call;
  if (output.format !== "json" || output.pretty) return undefined;
  const head = listHead(call);
  if (output.as === "PartialObjectMetadata") {
    refuseMismatch(call, head.kind, true);
    const { apiVersion } = output;
    return {
      head: { kind: "PartialObjectMetadataList", apiVersion },
      item: (text) => partialMetadataText(text, apiVersion),
    };
  }
  if (output.as !== "object") return undefined;
  if (!isKubernetesType(definition)) return { head, item: (text) => text };
  // What the list says of its items, Kubernetes' own do not repeat.
  const { kind } = definition;
  const repeated = JSON.stringify({ apiVersion: apiVersionOf(definition), kind }).slice(0, -1);
  return { head, item: (text) => withoutHead(text, repeated) };
}

/** A table whose rows need not be made of objects each time; a selector that looks into objects has to read them. */
function isTableText({ output: { as, format, pretty }, rows }: Call, { filter }: PageQuery): boolean {
  // What an object says may depend on who asks: no row of one is another's.
  return as === "Table" && format === "json" && !pretty && filter === undefined && rows === undefined;
}

async function listTable(call: Call, options: ListOptions, query: PageQuery): Promise<Response> {
  refuseMismatch(call, listHead(call).kind, true);
  const wanted = { ...query, limit: options.limit ?? versionRows };
  const first = await call.store.texts.versions(call.definition, wanted);
  return answerText(
    call,
    tableText(call, wanted, first, metadataOf(first, options), options.limit === undefined),
  );
}

/** Of two pages together: more is not read ahead of a client that may be slow. */
const maxAheadCharacters = 4 * 1024 * 1024;

/** The pages of a selection from `first` on, all at its revision. While one is sent, the next is read. */
async function* allPages(call: Call, query: PageQuery, first: TextPage): AsyncGenerator<TextPage> {
  let page = first;
  for (;;) {
    const { next: after, texts } = page;
    const read = (): Promise<TextPage> | undefined =>
      after && call.store.texts.page(call.definition, { ...query, at: first.revision, after });
    const isSmall = texts.reduce((sum, text) => sum + text.length, 0) * 2 <= maxAheadCharacters;
    const ahead = isSmall ? read() : undefined;
    // It is awaited below, unless the client has left by then.
    ahead?.catch(() => undefined);
    yield page;
    const next = await (ahead ?? read());
    if (next === undefined) return;
    page = next;
  }
}

async function* onlyThis(page: TextPage): AsyncGenerator<TextPage> {
  yield page;
}

/** The revision that a list is asked for; `undefined`: the newest. Throws `Timeout` for one that is yet to come. */
async function listRevision(call: Call, options: ListOptions): Promise<number | undefined> {
  const { from, resourceVersion = 0, match, limit } = options;
  if (from !== undefined) return from.revision;
  if (resourceVersion === 0) return undefined;
  await refuseFuture(call, resourceVersion);
  // With a limit and no rule for it, a revision means exactly that one.
  return match === "Exact" || (match === undefined && limit !== undefined) ? resourceVersion : undefined;
}

/** Reads are always of the newest: a client that names a revision asks for no older one. Throws `Timeout`. */
async function refuseFuture({ store }: Call, asked = 0): Promise<void> {
  if (asked === 0) return;
  const { revision } = await store.texts.revision();
  if (asked <= revision) return;
  throw tooLargeRevision(asked, revision);
}

function metadataOf(
  { revision, next, remaining }: Omit<TextPage, "texts">,
  { limit }: ListOptions,
): ListMeta {
  return {
    resourceVersion: String(revision),
    ...(limit === undefined || next === undefined
      ? {}
      : {
          continue: encodeContinue({ revision, key: next }),
          ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
        }),
  };
}

export function listHead({ definition }: Call): { kind: string; apiVersion: string } {
  return { kind: definition.listKind ?? `${definition.kind}List`, apiVersion: apiVersionOf(definition) };
}

async function* listText(
  head: object,
  item: (text: string) => string,
  pages: AsyncIterable<TextPage>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"items":[`;
  let separator = "";
  for await (const { texts } of pages) {
    if (texts.length === 0) continue;
    yield separator + texts.map(item).join(",");
    separator = ",";
  }
  yield "]}\n";
}

/** `head`: the members that a text begins with, without the comma after them. */
function withoutHead(text: string, head: string): string {
  return text.startsWith(head) ? `{${text.slice(head.length + 1)}` : text;
}
