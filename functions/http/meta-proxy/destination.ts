/** Where a request to `/meta/proxy/…` wants to go (tunnel.md 4.8). Pure. */

export interface Destination {
  /** With the canonical host: what is judged is what is asked. */
  readonly url: string;
  /** Lower case; an IPv4 address in its usual form, an IPv6 address in brackets. */
  readonly host: string;
  /** Empty: the scheme's own. */
  readonly port: string;
  /** A path as it was written, and a query with its `?`. */
  readonly path: string;
  readonly query: string;
}

const form = /^(?:(https?):\/{1,2})?([^/?]+)([^?]*)(\?.*)?$/is;
const authority = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** `rest`: the raw request target behind `/meta/proxy/`: `https:/api.example.com/v2/x?y`, one or two slashes, or no scheme. */
export function destinationOf(rest: string): Destination | undefined {
  const [, scheme = "https", host = "", path = "", query = ""] = form.exec(rest) ?? [];
  // No user, no odd spelling: `URL` reads 0x7f.1 as 127.0.0.1, and so must the judge.
  if (!authority.test(host) || !URL.canParse(`${scheme}://${host}`)) return undefined;
  const { protocol, hostname, port } = new URL(`${scheme}://${host}`);
  const origin = `${protocol}//${hostname}${port === "" ? "" : `:${port}`}`;
  return {
    url: `${origin}${path === "" ? "/" : path}${query}`,
    host: hostname,
    port,
    path: path === "" ? "/" : path,
    query,
  };
}
