/** Lets sessions in (docs/design/tunnel.md, "Who may come"): what a cluster's object does with one that has to show first what it is. */
import { agentIdentity } from "../../schema/internal/agent-identity.ts";
import type { ClusterRegistration, ConnectContext } from "../../schema/internal/context.ts";
import type { ControlPlaneRpc } from "../../schema/internal/rpc.ts";
import type { ClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import { apiServerOf } from "./api-server.ts";
import type { Attachment } from "./attachment.ts";
import type { LiveSession } from "./live-session.ts";
import { Newcomers } from "./newcomers.ts";
import { proveIdentity, proveRegistration } from "./proof.ts";
import type { Ask, Proof } from "./proof.ts";
import { proxy } from "./proxy.ts";
import type { Route } from "./route.ts";
import { TlsRoute } from "./tls-route.ts";

const askMs = 5_000;

export interface GatekeeperOptions {
  /** Steve sessions that are let in, the best first. */
  readonly proven: () => readonly LiveSession[];
  readonly registrationProven: ControlPlaneRpc["registrationProven"];
  readonly onProven: (session: LiveSession) => void;
  readonly onRefused: (session: LiveSession, reason: string) => void;
}

export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  readonly #newcomers: Newcomers<LiveSession>;
  /** What main sessions say. In memory alone: it holds credentials. */
  readonly #said = new WeakMap<LiveSession, Said>();

  constructor(options: GatekeeperOptions) {
    this.#options = options;
    this.#newcomers = new Newcomers<LiveSession>({
      judge: (session) => this.#judge(session),
      onProven: (session) => {
        options.onProven(session);
        // Through a steve session it can be told now whether what main sessions say is true.
        if (session.attachment.kind === "steve") this.#newcomers.askAgain();
      },
      onRefused: options.onRefused,
    });
  }

  /** No more of them until some were judged. */
  get full(): boolean {
    return this.#newcomers.full;
  }

  /** A session that is not let in yet; `said` by a main one. */
  examine(session: LiveSession, said?: Said): void {
    if (said?.registration !== undefined) this.#said.set(session, said);
    this.#newcomers.add(session);
  }

  remove(session: LiveSession): void {
    this.#newcomers.remove(session);
  }

  async #judge(session: LiveSession): Promise<Proof> {
    const { clusterId, unproven } = session.attachment;
    if (unproven === undefined) return { kind: "proven" };
    if (unproven !== "registration") return proveIdentity(askThrough([session]), clusterId, unproven);
    const { registration, identity } = this.#said.get(session) ?? {};
    if (registration === undefined) return { kind: "unknown", reason: "it said nothing" };
    let proof: Proof = { kind: "unknown", reason: "nothing is known of the cluster" };
    if (identity !== undefined) proof = await proveByUse(session, registration, identity);
    const proven = this.#options.proven();
    if (proof.kind === "unknown" && proven.length > 0)
      proof = await proveRegistration(askThrough(proven), registration);
    if (proof.kind === "proven") await this.#options.registrationProven(clusterId, registration);
    return proof;
  }
}

/** By the address, CA and token that it says, through the session that says so: the cluster there shows what only it has. */
async function proveByUse(
  session: LiveSession,
  { apiEndpoint, caCert, token }: ClusterRegistration,
  identity: ClusterIdentity,
): Promise<Proof> {
  let route: TlsRoute | undefined;
  try {
    const server = apiServerOf({ endpoint: apiEndpoint, ca: atob(caCert), token, direct: false });
    route = new TlsRoute(session, server);
    return await proveIdentity(askThrough([route]), session.attachment.clusterId, identity);
  } catch (error) {
    // No usable CA, or no answer: the cluster may know more.
    return { kind: "unknown", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    route?.pool.clear();
  }
}

/** What a main session says, and what is known of its cluster. */
export type Said = Pick<ConnectContext, "registration" | "identity">;

/** What a session has to show, as its attachment keeps it. */
export function unprovenOf({ identity, registration }: ConnectContext): Pick<Attachment, "unproven"> {
  if (registration !== undefined) return { unproven: "registration" };
  return identity === undefined ? {} : { unproven: identity };
}

/** Asks as the agent's own account. */
export function askThrough(routes: readonly Route[]): Ask {
  return async (method, path, body) => {
    const headers = { accept: "application/json", "content-type": "application/json" };
    const over = new AbortController();
    // Not `AbortSignal.timeout`, whose timer would keep the object in memory when the answer is there.
    const timer = setTimeout(() => over.abort(), askMs);
    const request = new Request(`https://tunnel${path}`, {
      method,
      headers,
      signal: over.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    try {
      const answer = await proxy(routes, request, {
        v: 1,
        op: "proxy",
        target: path,
        identity: agentIdentity,
        requestId: crypto.randomUUID(),
        prefix: "",
        origin: "controller",
      });
      return { status: answer.status, body: parsed(await answer.text()) };
    } finally {
      clearTimeout(timer);
    }
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
