/** What a `/v3` path asks for (norman-v3.md 1.1). Pure. */

/** `/v3/{type}[/{id}[/…]]`, already decoded. */
export interface NormanPath {
  readonly type: string;
  readonly id?: string;
  /** Third segment: a link, or a collection below a cluster. */
  readonly child?: string;
  /** Fourth segment: an id in that collection. */
  readonly childId?: string;
}

/**
 * Works on the escaped path: repeated slashes count as one, then segments are decoded (principal ids hold slashes).
 * `root` for `/v3` itself; `undefined` for what can be no path of ours.
 */
export function parseNormanPath(path: string): NormanPath | "root" | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  let decoded: string[];
  try {
    decoded = segments.slice(1).map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined;
  }
  const [type, id, child, childId, ...rest] = decoded;
  if (segments[0] !== "v3" || rest.length > 0) return undefined;
  if (type === undefined) return "root";
  return {
    type,
    ...(id === undefined ? {} : { id }),
    ...(child === undefined ? {} : { child }),
    ...(childId === undefined ? {} : { childId }),
  };
}

/** Where in the store an id points, or `undefined` for a malformed one: that is 404 (norman-v3.md 1.4). */
export function parseId(id: string, namespaced: boolean): { namespace: string; name: string } | undefined {
  const parts = id.split(":");
  if (parts.length !== (namespaced ? 2 : 1)) return undefined;
  const [namespace, name] = namespaced ? parts : ["", ...parts];
  return namespace !== undefined && isName(name) && (!namespaced || isName(namespace))
    ? { namespace, name }
    : undefined;
}

/** Names of objects are DNS subdomains: no other text reaches the store. */
export function isName(text: string | undefined): text is string {
  return text !== undefined && text.length <= 253 && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(text);
}
