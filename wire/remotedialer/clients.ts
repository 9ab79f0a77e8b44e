/**
 * What peers tell each other of their clients (tunnel.md 1.3, 1.13): ADDCLIENT and REMOVECLIENT, `<client key>/<session key>`, and
 * the `<client key>::<proto>` of a CONNECT that goes on to one of them. Pure.
 */

/** A receiver reads so much of an announcement, and drops the rest (tunnel.md 1.4). */
export const maxClientBytes = 100;
const separator = "::";

/** A client that a peer can reach. */
export interface AnnouncedClient {
  readonly clientKey: string;
  /** Decimal int64. */
  readonly sessionKey: string;
}

/** Throws RangeError for what a receiver would cut off. */
export function formatClient(clientKey: string, sessionKey: string): string {
  const text = `${clientKey}/${sessionKey}`;
  if (new TextEncoder().encode(text).length > maxClientBytes)
    throw new RangeError("the client's key is too long to be announced");
  return text;
}

/** `undefined` for what Go takes for an error: no `/`, or no number behind the first one. */
export function parseClient(text: string): AnnouncedClient | undefined {
  const slash = text.indexOf("/");
  const [clientKey, sessionKey] = [text.slice(0, slash), text.slice(slash + 1)];
  return slash >= 0 && isInt64(sessionKey) ? { clientKey, sessionKey } : undefined;
}

function isInt64(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, value) === value;
}

/** The `proto` of a CONNECT that a peer is to pass on. */
export function throughClient(clientKey: string, proto: string): string {
  return clientKey + separator + proto;
}

/** Splits it at the first `::`; `undefined`: it names no client. */
export function parseThrough(
  text: string,
): { readonly clientKey: string; readonly proto: string } | undefined {
  const at = text.indexOf(separator);
  return at < 0 ? undefined : { clientKey: text.slice(0, at), proto: text.slice(at + separator.length) };
}

/** The clients that the other end of one session has announced. */
export class AnnouncedClients {
  readonly #sessionKeys = new Map<string, Set<string>>();
  #sessions = 0;

  /** Client keys. */
  get size(): number {
    return this.#sessionKeys.size;
  }

  /** Of all clients: what they cost. */
  get sessions(): number {
    return this.#sessions;
  }

  has(clientKey: string): boolean {
    return this.#sessionKeys.has(clientKey);
  }

  add({ clientKey, sessionKey }: AnnouncedClient): void {
    const keys = this.#sessionKeys.get(clientKey) ?? new Set();
    if (!keys.has(sessionKey)) this.#sessions += 1;
    this.#sessionKeys.set(clientKey, keys.add(sessionKey));
  }

  /** A client is there until all its sessions are gone. */
  remove({ clientKey, sessionKey }: AnnouncedClient): void {
    const keys = this.#sessionKeys.get(clientKey);
    if (keys?.delete(sessionKey) === true) this.#sessions -= 1;
    if (keys?.size === 0) this.#sessionKeys.delete(clientKey);
  }
}
