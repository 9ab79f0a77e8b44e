/** What of an OpenAPI document is fuzzed. Pure. */

interface Operation {
  readonly parameters?: readonly Parameter[];
}

interface Parameter {
  readonly name: string;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, PathItem>>;
}

type PathItem = Readonly<Record<string, unknown>> & { readonly parameters?: readonly Parameter[] };

/** They make a list a watch, which answers for as long as it is told to. */
const ofWatches = ["watch", "allowWatchBookmarks", "sendInitialEvents", "timeoutSeconds"];

/** To delete them all would delete the fuzzer's own rights. */
const rights =
  /\/(?:tokens|users|globalroles|globalrolebindings|clusterroles|clusterrolebindings|namespaces|settings|features)$/;

export function documentFor<T extends OpenApi>(document: T): T {
  const paths = Object.entries(document.paths).map(([path, item]) => [path, pathFor(path, item)]);
  return { ...document, paths: Object.fromEntries(paths) as T["paths"] };
}

function pathFor(path: string, { parameters = [], ...item }: PathItem): PathItem {
  const kept = Object.entries(item)
    .filter(([method]) => !(method === "delete" && rights.test(path)))
    .map(([method, operation]) => [method, withoutWatch(operation as Operation)]);
  return { ...Object.fromEntries(kept), parameters: withoutWatch({ parameters }).parameters ?? [] };
}

function withoutWatch<T extends Operation>(operation: T): T {
  if (operation.parameters === undefined) return operation;
  return { ...operation, parameters: operation.parameters.filter(({ name }) => !ofWatches.includes(name)) };
}
