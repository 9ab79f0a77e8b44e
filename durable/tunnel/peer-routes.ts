/**
 * Ways to a cluster that no agent of is connected here: through peers that have announced it (docs/design/peers.md). A peer is a
 * carrier like an agent's session; its streams begin in the peer's own object.
 */
import type { ClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import type { ProxyContext } from "../../schema/internal/context.ts";
import { clientKeyOf, clientKeysOf } from "../../schema/internal/peers.ts";
import type { ClientKind } from "../../schema/internal/peers.ts";
import type { Logger } from "../../schema/logger.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import type { DurableEnv } from "../env.ts";
import { ObjectStream, openObjectStream } from "../peers/object-stream.ts";
import { within } from "../within.ts";
import type { ApiServer } from "./api-server.ts";
import { askThrough } from "./gatekeeper.ts";
import type { Meter } from "./meter.ts";
import { ConnPool } from "./pool.ts";
import { proveIdentity } from "./proof.ts";
import { isSteves, passesSteve } from "./route.ts";
import type { Route } from "./route.ts";
import type { Carrier, TlsRoutes } from "./tls-route.ts";

/** What peers say they hold is asked again after this; a stream to what is not there any more fails at once, and goes to the next. */
const heldMs = 2_000;
const askMs = 2_000;
/** One that did not answer is the last choice for this long. */
const demotedMs = 30_000;
/** As long as an agent's session is given (live-session.ts): together less than 5 s. */
const quietMs = 2_500;
const signMs = 1_500;
/** What a cluster has shown through a peer holds so long; a refusal is looked at again sooner. */
const provenMs = 10 * 60_000;
const refusedMs = 10_000;

export interface PeerRoutesOptions {
  readonly env: DurableEnv;
  readonly clusterId: string;
  /** `host:port` in the CONNECT of a steve session. */
  readonly steveAddress: string;
  readonly meter: Meter;
  readonly log: Logger;
  readonly keptMs: number;
  readonly tls: TlsRoutes;
  /** How the cluster's kube-apiserver is reached; asked where a peer has a main session alone. */
  readonly server: () => Promise<ApiServer | undefined>;
}

interface Held {
  readonly askedAt: number;
  readonly keys: Promise<readonly string[]>;
}

export class PeerRoutes {
  readonly #options: PeerRoutesOptions;
  readonly #carriers = new Map<string, PeerCarrier>();
  readonly #held = new Map<string, Held>();
  readonly #proofs = new Map<PeerCarrier, { readonly until: number; readonly proven: boolean }>();
  #streams = 0;

  constructor(options: PeerRoutesOptions) {
    this.#options = options;
  }

  /** Open ones. */
  get streams(): number {
    return this.#streams;
  }

  /** In the order in which they are tried: in the clear where there is such a way, those that answered of late first. */
  async routes({ peers = [], clusterIdentity, target }: ProxyContext): Promise<readonly Route[]> {
    if (peers.length === 0) return [];
    const { clusterId, tls, server } = this.#options;
    const found = await Promise.all(peers.map(async (peer) => ({ peer, keys: await this.#keysOf(peer) })));
    const holding = (kind: ClientKind): PeerCarrier[] =>
      found
        .filter(({ keys }) => keys.includes(clientKeyOf(clusterId, kind)))
        .map(({ peer }) => this.#carrier(peer, kind))
        .toSorted((a, b) => Number(a.demoted) - Number(b.demoted));
    const steve = await this.#proven(holding("steve"), clusterIdentity);
    if (isSteves(target)) return steve;
    const main = holding("main");
    const known = main.length === 0 ? undefined : await server();
    const secure = known === undefined ? [] : main.map((carrier) => tls.over(carrier, known));
    return passesSteve(target) ? [...steve, ...secure] : [...secure, ...steve];
  }

  async #keysOf(peer: string): Promise<readonly string[]> {
    const now = Date.now();
    let held = this.#held.get(peer);
    if (held === undefined || now - held.askedAt >= heldMs) {
      held = { askedAt: now, keys: this.#ask(peer) };
      this.#held.set(peer, held);
    }
    return held.keys;
  }

  async #ask(peer: string): Promise<readonly string[]> {
    const { env, clusterId, log } = this.#options;
    try {
      return await within(
        askMs,
        "the peer's object",
        env.PEER.getByName(peer).holds(clientKeysOf(clusterId)),
      );
    } catch (error) {
      log.warn("cannot ask a peer's object", { peer, error });
      return [];
    }
  }

  #carrier(peer: string, kind: ClientKind): PeerCarrier {
    const key = `${kind} ${peer}`;
    let carrier = this.#carriers.get(key);
    if (carrier === undefined) {
      carrier = new PeerCarrier(peer, kind, this.#options, (change) => {
        this.#streams += change;
        this.#options.meter.streams();
      });
      this.#carriers.set(key, carrier);
    }
    return carrier;
  }

  /** A cluster that is known shows through each peer that it is that one, as it does through an agent. */
  async #proven(
    carriers: readonly PeerCarrier[],
    identity: ClusterIdentity | undefined,
  ): Promise<readonly PeerCarrier[]> {
    if (identity === undefined) return carriers;
    const proven = await Promise.all(carriers.map((carrier) => this.#isProven(carrier, identity)));
    return carriers.filter((_, at) => proven[at]);
  }

  async #isProven(carrier: PeerCarrier, identity: ClusterIdentity): Promise<boolean> {
    const last = this.#proofs.get(carrier);
    if (last !== undefined && Date.now() < last.until) return last.proven;
    const { clusterId, log, meter } = this.#options;
    const proof = await proveIdentity(askThrough([carrier]), clusterId, identity).catch((error: unknown) => ({
      kind: "unknown" as const,
      reason: String(error),
    }));
    const proven = proof.kind === "proven";
    // Nobody can tell: the next request asks again.
    if (proof.kind !== "unknown")
      this.#proofs.set(carrier, { until: Date.now() + (proven ? provenMs : refusedMs), proven });
    if (proof.kind !== "proven") {
      log.warn("a peer's way to the cluster is not used", { peer: carrier.peer, reason: proof.reason });
      meter.error("session-refused");
    }
    return proven;
  }
}

/** Streams to one kind of session that a peer has of the cluster. */
class PeerCarrier implements Carrier, Route {
  readonly peer: string;
  readonly pool: ConnPool;
  readonly keptMs: number;
  readonly meter: Meter;
  readonly log: Logger;
  readonly #clientKey: string;
  readonly #env: DurableEnv;
  readonly #count: (change: 1 | -1) => void;
  #demotedUntil = 0;

  constructor(
    peer: string,
    kind: ClientKind,
    { env, clusterId, steveAddress, keptMs, meter, log }: PeerRoutesOptions,
    count: (change: 1 | -1) => void,
  ) {
    this.peer = peer;
    this.meter = meter;
    this.log = log;
    this.#clientKey = clientKeyOf(clusterId, kind);
    this.#env = env;
    this.#count = count;
    this.keptMs = keptMs;
    this.pool = new ConnPool(() => this.dial(steveAddress), keptMs);
  }

  get demoted(): boolean {
    return Date.now() < this.#demotedUntil;
  }

  dial(address: string): ByteStream {
    this.#count(1);
    this.meter.traffic({ dials: 1, receivedBytes: 0, sentBytes: 0 });
    const opening = openObjectStream(this.#env.PEER.getByName(this.peer), {
      v: 1,
      op: "peer-stream",
      clientKey: this.#clientKey,
      address,
    });
    return new ObjectStream(opening, () => this.#count(-1));
  }

  awaitAnswer(onSuspect: () => void = () => undefined): () => void {
    let answered = false;
    const look = async (): Promise<void> => {
      if ((await this.#givesSign()) || answered) return;
      this.demote();
      onSuspect();
    };
    const timer = setTimeout(() => void look(), quietMs);
    return () => {
      answered = true;
      clearTimeout(timer);
    };
  }

  async #givesSign(): Promise<boolean> {
    try {
      const asked = this.#env.PEER.getByName(this.peer).answers(this.#clientKey, signMs);
      return await within(2 * signMs, "the peer's object", asked);
    } catch {
      return false;
    }
  }

  demote(): void {
    this.#demotedUntil = Date.now() + demotedMs;
  }
}
