/**
 * The raw request target, taken once from `request.url` as a string (design 2): `new URL` would collapse `..` and
 * `%2e%2e`, and Hono's own path is percent-decoded. workerd passes the target through as the client sent it.
 */

export interface RequestTarget {
  /** `http://host[:port]` as in the URL. */
  readonly origin: string;
  /** Path and query: `/api/v1/pods?limit=5`. */
  readonly target: string;
  readonly path: string;
}

/** Splits a URL string without normalising it. A target without a path (`OPTIONS *`) has an empty one. */
export function splitUrl(url: string): RequestTarget {
  const host = url.indexOf("://") + 3;
  const slash = url.indexOf("/", host);
  if (slash === -1) return { origin: url, target: "", path: "" };
  const target = url.slice(slash);
  const query = target.indexOf("?");
  return { origin: url.slice(0, slash), target, path: query === -1 ? target : target.slice(0, query) };
}

/** Hono's `getPath`: routes match the raw path, the same string that rights are judged by and that goes upstream. */
export function rawPath(request: Request): string {
  return splitUrl(request.url).path;
}

const hostName = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const printable = /^\/[\x21-\x7e]*$/;

/**
 * A `.` or `..` segment in any spelling: dots as `%2e`, separators as `%2f`, `\` or `%5c`, path parameters behind it
 * (`..;x`, which some servers strip before they resolve). Twice-encoded dots are ordinary text to a server that
 * decodes once, as all behind us do.
 */
const dotSegment = /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=$|[/\\;]|%2f|%5c|%3b)/i;

/** Also for `URL`, which refuses ports above 65535 and numbers that are no IPv4 address. */
function isHost(text: string): boolean {
  return hostName.test(text) && URL.canParse(`https://${text}`);
}

/**
 * Why a request is refused with 400, or `undefined`. workerd joins `http://`, the Host header and the target without
 * looking at them: `Host: x/k8s/clusters/c-a?` would move the path past whatever guards paths in front of us.
 */
export function targetProblem(
  { origin, target, path }: RequestTarget,
  host: string | null,
): string | undefined {
  const authority = origin.slice(origin.indexOf("://") + 3);
  if (!isHost(host ?? authority) || !isHost(authority)) return "the Host header is not a host name";
  if (!printable.test(target)) return "the request target must be a path of printable ASCII characters";
  if (dotSegment.test(path)) return "the path holds a dot segment";
  return undefined;
}
