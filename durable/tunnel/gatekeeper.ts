/** Lets sessions in (docs/design/tunnel.md, "Who may come"): what a cluster's object does with one that has to show first what it is. */
import { agentIdentity } from "../../schema/internal/agent-identity.ts";
import type { ClusterRegistration, ConnectContext } from "../../schema/internal/context.ts";
import type { ControlPlaneRpc } from "../../schema/internal/rpc.ts";
import type { Attachment } from "./attachment.ts";
import type { LiveSession } from "./live-session.ts";
import { Newcomers } from "./newcomers.ts";
import { proveIdentity, proveRegistration } from "./proof.ts";
import type { Ask, Proof } from "./proof.ts";
import { proxy } from "./proxy.ts";

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
  /** In memory alone: they hold credentials. */
  readonly #registrations = new WeakMap<LiveSession, ClusterRegistration>();

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

  /** A session that is not let in yet; `registration` of a main one. */
  examine(session: LiveSession, registration?: ClusterRegistration): void {
    if (registration !== undefined) this.#registrations.set(session, registration);
    this.#newcomers.add(session);
  }

  remove(session: LiveSession): void {
    this.#newcomers.remove(session);
  }

  async #judge(session: LiveSession): Promise<Proof> {
    const { clusterId, unproven } = session.attachment;
    if (unproven === undefined) return { kind: "proven" };
    if (unproven !== "registration") return proveIdentity(askThrough([session]), clusterId, unproven);
    const registration = this.#registrations.get(session);
    const [first, ...others] = this.#options.proven();
    if (registration === undefined || first === undefined)
      return { kind: "unknown", reason: "no steve session of the cluster to ask" };
    const proof = await proveRegistration(askThrough([first, ...others]), registration);
    if (proof.kind === "proven") await this.#options.registrationProven(clusterId, registration);
    return proof;
  }
}

/** What a session has to show, as its attachment keeps it. */
export function unprovenOf({ identity, registration }: ConnectContext): Pick<Attachment, "unproven"> {
  if (registration !== undefined) return { unproven: "registration" };
  return identity === undefined ? {} : { unproven: identity };
}

function askThrough(sessions: readonly LiveSession[]): Ask {
  return async (method, path, body) => {
    const headers = { accept: "application/json", "content-type": "application/json" };
    const answer = await proxy(
      sessions,
      new Request(`https://tunnel${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(askMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
      {
        v: 1,
        op: "proxy",
        target: path,
        identity: agentIdentity,
        requestId: crypto.randomUUID(),
        prefix: "",
        origin: "controller",
      },
    );
    return { status: answer.status, body: parsed(await answer.text()) };
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
