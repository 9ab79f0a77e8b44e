/** What a path of the Kubernetes API asks for, as k8s.io/apiserver's RequestInfoFactory reads it. Pure. */
import { SelectorError } from "../../../../schema/select/errors.ts";
import { parseFieldSelector } from "../../../../schema/select/fields.ts";

export type Verb =
  | "get"
  | "list"
  | "watch"
  | "create"
  | "update"
  | "patch"
  | "delete"
  | "deletecollection"
  /** The legacy `/proxy/` prefix, which nothing serves. */
  | "proxy"
  /** A method that stands for no verb, or `/watch/` with anything but GET. */
  | "";

export interface ResourceRequest {
  readonly isResource: true;
  readonly verb: Verb;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Also set, to the name, for the path of one Namespace; absent over all namespaces. */
  readonly namespace?: string;
  readonly resource: string;
  /** From the path; for list and watch, from a field selector that demands one `metadata.name`. */
  readonly name?: string;
  readonly subresource?: string;
  /** Segments after the subresource. */
  readonly rest?: readonly string[];
}

export interface NonResourceRequest {
  readonly isResource: false;
  /** The method in lower case. */
  readonly verb: string;
  /** Decoded, without a trailing slash; `/` for the root. */
  readonly path: string;
}

export type RequestInfo = ResourceRequest | NonResourceRequest;

const verbOfMethod: Readonly<Record<string, Verb>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
/** What follows a Namespace's name and is no namespaced resource. */
const namespaceSubresources = ["status", "finalize"];

/**
 * `path` is raw, below the prefix of the API: `/apis/apps/v1/namespaces/a/deployments/b`. Every segment is decoded once.
 * `undefined` for a path that no client of Kubernetes means: empty segments, broken escapes, a segment that decodes to
 * something with `/` or NUL in it, or to a dot segment.
 */
export function parseRequestInfo(
  method: string,
  path: string,
  query: URLSearchParams,
): RequestInfo | undefined {
  const segments = segmentsOf(path);
  if (segments === undefined) return undefined;
  const [prefix, ...below] = segments;
  const taken = prefix === "api" ? 1 : 2;
  if ((prefix !== "api" && prefix !== "apis") || below.length <= taken) {
    return { isResource: false, verb: method.toLowerCase(), path: `/${segments.join("/")}` };
  }
  const [first = "", second = ""] = below;
  const [group, version] = prefix === "api" ? ["", first] : [first, second];
  const { verb, parts } = splitVerb(method, below.slice(taken));
  const [resource, name, subresource, ...rest] = relativeToResource(parts);
  if (resource === undefined) return undefined;
  const namespace = parts[0] === "namespaces" ? parts[1] : undefined;
  return {
    isResource: true,
    group,
    version,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(rest.length === 0 ? {} : { rest }),
    ...(name === undefined ? withoutName(verb, query) : { verb, name }),
  };
}

function segmentsOf(path: string): string[] | undefined {
  const trimmed = path.replace(/^\//, "").replace(/\/$/, "");
  if (trimmed === "") return path === "//" ? undefined : [];
  const segments = trimmed.split("/").map(decoded);
  return segments.every((segment) => segment !== undefined) ? segments : undefined;
}

function decoded(segment: string): string | undefined {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    return undefined;
  }
  return /^\.{0,2}$|[/\0]/.test(text) ? undefined : text;
}

/** `/watch/…` and `/proxy/…` name the verb in the path; otherwise the method does. */
function splitVerb(method: string, parts: readonly string[]): { verb: Verb; parts: readonly string[] } {
  const [first] = parts;
  if (first !== "watch" && first !== "proxy") return { verb: verbOf(method), parts };
  const verb = first === "watch" && verbOf(method) !== "get" ? "" : first;
  return { verb, parts: parts.slice(1) };
}

function verbOf(method: string): Verb {
  return Object.hasOwn(verbOfMethod, method) ? (verbOfMethod[method] ?? "") : "";
}

/** Drops `namespaces/<name>` before a namespaced resource: resource, name, subresource and what follows remain. */
function relativeToResource(parts: readonly string[]): readonly string[] {
  const [first, , third] = parts;
  const namespaced = first === "namespaces" && third !== undefined && !namespaceSubresources.includes(third);
  return namespaced ? parts.slice(2) : parts;
}

/** Without a name, a get is a list or a watch, and a delete is one of a collection. */
function withoutName(verb: Verb, query: URLSearchParams): { verb: Verb; name?: string } {
  if (verb === "delete") return { verb: "deletecollection" };
  if (verb !== "get") return { verb };
  const name = selectedName(query.get("fieldSelector") ?? "");
  return { verb: isWatch(query) ? "watch" : "list", ...(name === undefined ? {} : { name }) };
}

/** As Kubernetes reads booleans in queries: whatever is there is true, but for `false` and `0`. */
function isWatch(query: URLSearchParams): boolean {
  const value = query.get("watch");
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

/** A selector that cannot be read names nothing: whoever reads it next reports it. */
function selectedName(selector: string): string | undefined {
  let name: string | undefined;
  try {
    name = parseFieldSelector(selector).find(
      ({ field, operator }) => field === "metadata.name" && operator === "=",
    )?.value;
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
  }
  return name === undefined || /^\.{0,2}$|[/%\0]/.test(name) ? undefined : name;
}
