/**
 * How the cluster's kube-apiserver is reached and whom it trusts: what the API Worker says of it, kept in memory for a minute. The token in it
 * goes nowhere but onto streams whose other end has proven to be that server.
 */
import type { ClusterConnection } from "../../schema/internal/rpc.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";
import type { TrustAnchors } from "../../wire/tls/trust.ts";

export interface ApiServer {
  /** What its certificate must name. */
  readonly host: string;
  readonly port: number;
  readonly anchors: TrustAnchors;
  /** Of the header. */
  readonly authorization: string;
  /** There is a way to it without an agent. */
  readonly direct: boolean;
}

/** What is known of a cluster cannot be used: the text says why. */
export class UnusableConnection extends Error {
  /** There would be a way to it without an agent. */
  readonly direct: boolean;

  constructor(direct: boolean, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.direct = direct;
  }
}

/** Throws when there can be no connection: the text says why. */
export function apiServerOf({ endpoint, ca, token, direct }: ClusterConnection): ApiServer {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "https:" || url.hostname === "")
    throw new Error("the cluster's API endpoint is no https URL");
  // A header's value, and nothing that ends it.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Error("the token of the cluster's service account is malformed");
  return {
    host: url.hostname,
    port: url.port === "" ? 443 : Number(url.port),
    anchors: parseTrustAnchors(ca),
    authorization: `Bearer ${token}`,
    direct,
  };
}

const maxAgeMs = 60_000;
/** A cluster without an agent and without a way to it is asked for by every request to it; a bundle may be mended. */
const absentAgeMs = 10_000;
/** After a refusal it is read anew, but not for every request of a broken cluster. */
const minAgeMs = 2_000;

/** What was found: a server, nothing, or why there can be none. */
type Found = { readonly server: ApiServer | undefined } | { readonly problem: UnusableConnection };

export class ApiServerCache {
  readonly #load: () => Promise<ClusterConnection | null>;
  readonly #now: () => number;
  #loading: Promise<ApiServer | undefined> | undefined;
  #loadedAt = 0;
  #raw: string | undefined;
  #found: Found = { server: undefined };
  #fresh = false;
  /** Counts what was forgotten, also while it is being loaded. */
  #forgotten = 0;

  constructor(load: () => Promise<ClusterConnection | null>, now: () => number = Date.now) {
    this.#load = load;
    this.#now = now;
  }

  /** The same object while nothing has changed. `undefined`: nothing is known. Throws UnusableConnection, and when it cannot ask. */
  async get(): Promise<ApiServer | undefined> {
    const good = "server" in this.#found && this.#found.server !== undefined;
    if (this.#fresh && this.#now() - this.#loadedAt < (good ? maxAgeMs : absentAgeMs)) return this.#answer();
    this.#loading ??= this.#reload().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  #answer(): ApiServer | undefined {
    if ("problem" in this.#found) throw this.#found.problem;
    return this.#found.server;
  }

  async #reload(): Promise<ApiServer | undefined> {
    const before = this.#forgotten;
    const connection = await this.#load();
    const raw = JSON.stringify(connection);
    if (raw !== this.#raw) {
      this.#raw = raw;
      this.#found = found(connection);
    }
    this.#loadedAt = this.#now();
    this.#fresh = before === this.#forgotten;
    return this.#answer();
  }

  /** An agent has come, which may have brought something new. */
  forget(): void {
    this.#forgotten++;
    this.#fresh = false;
  }

  /** The server did not take what we know. */
  doubt(): void {
    if (this.#now() - this.#loadedAt >= minAgeMs) this.#fresh = false;
  }
}

function found(connection: ClusterConnection | null): Found {
  try {
    return { server: connection === null ? undefined : apiServerOf(connection) };
  } catch (error) {
    return { problem: new UnusableConnection(connection?.direct === true, error) };
  }
}
