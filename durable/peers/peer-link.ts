/**
 * One peer (docs/design/peers.md): the sessions that it has opened here, by which we reach its clusters, and the one that we open
 * there, by which it reaches ours. The accepted ones sleep with the object; one that dials is awake for as long as it dials.
 */
import { DurableObject } from "cloudflare:workers";
import { CONTEXT_HEADER, decodeContext } from "../../schema/internal/context.ts";
import type {
  ClusterStreamContext,
  PeerConnectContext,
  PeerLinkRpc,
  PeerSettings,
  PeerStatus,
  PeerStreamContext,
} from "../../schema/internal/peers.ts";
import { createLogger } from "../../schema/logger.ts";
import { joinStreams } from "../../wire/join-streams.ts";
import { throughClient } from "../../wire/remotedialer/clients.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";
import type { DurableEnv } from "../env.ts";
import { NextAlarm } from "../next-alarm.ts";
import { within } from "../within.ts";
import { newSessionKey } from "../tunnel/attachment.ts";
import { acceptedPair } from "../tunnel/client-socket.ts";
import { closeSocket } from "../tunnel/close-socket.ts";
import { LiveSession } from "../tunnel/live-session.ts";
import { Meter } from "../tunnel/meter.ts";
import { SocketStream } from "../tunnel/socket-stream.ts";
import { tunnelTimes } from "../tunnel/times.ts";
import type { TunnelTimes } from "../tunnel/times.ts";
import { SpillStore } from "../tunnel/spill-store.ts";
import { AcceptedSessions, AnnouncementStore, readPeerAttachment } from "./accepted.ts";
import type { PeerAttachment, PeerSession } from "./accepted.ts";
import { Dialler } from "./dialler.ts";
import { ObjectStream, openObjectStream } from "./object-stream.ts";

/** Looking for silent deaths, as a cluster's tunnel does; a dialler is looked after as often: an eviction may have ended it. */
const busyPeriodMs = 60_000;
const idlePeriodMs = 15 * 60_000;
/** A Go server opens one; what is more are those that it does not know of any more. */
const maxSessions = 4;

export class PeerLink extends DurableObject<DurableEnv> implements PeerLinkRpc {
  readonly #name = this.ctx.id.name ?? "";
  readonly #log = createLogger(this.env.DROVER_LOG_LEVEL, { peer: this.#name });
  readonly #budget = new Budget({ spill: new SpillStore(this.ctx.storage) });
  readonly #sessions = new AcceptedSessions(new AnnouncementStore(this.ctx.storage));
  readonly #alarm = new NextAlarm(this.ctx.storage);
  readonly #meter = new Meter({
    gauges: () => ({
      sessions: { accepted: this.#sessions.size, dialled: this.#dialler.status?.open === true ? 1 : 0 },
    }),
    streams: () => this.#streams,
    traffic: () => this.#sessions.all().map(({ session }) => session.takeTraffic()),
    report: (report) => this.#statistics().report({ clusterId: `peer/${this.#name}`, ...report }),
    reportMs: this.times.reportMs,
    onBusy: () => this.#sessions.all()[0]?.session.measure(),
  });
  readonly #dialler = new Dialler({
    settings: async () => (await this.env.API.peerSettings(this.#name))?.dial,
    openTcp: (hostname, port) => new SocketStream(hostname, port, () => undefined),
    offers: () => this.env.API.peerOffers(this.#name),
    onStream: (conn, { clusterId, kind }) => {
      this.#meter.request();
      const context: ClusterStreamContext = {
        v: 1,
        op: "stream",
        kind,
        address: conn.address,
        peer: this.#name,
      };
      const opening = openObjectStream(this.env.TUNNEL.getByName(clusterId), context);
      joinStreams(conn, new ObjectStream(opening), () => this.#meter.streams());
    },
    onChange: (change) => {
      if (change === "opened") this.#meter.opened("dialled");
      else this.#meter.error(change === "closed" ? "session-closed" : "dial");
      this.ctx.waitUntil(this.#tellOfChange());
    },
    budget: this.#budget,
    log: this.#log,
  });
  /** How the peer was to be dialled when that was begun. */
  #dialKey: string | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: DurableEnv) {
    super(ctx, env);
    const open: string[] = [];
    for (const socket of ctx.getWebSockets()) {
      const attachment = readPeerAttachment(socket.deserializeAttachment());
      if (attachment === undefined) closeSocket(socket, 1012, "unknown session");
      else {
        open.push(attachment.sessionKey);
        this.#add(socket, attachment);
      }
    }
    new AnnouncementStore(ctx.storage).keepOnly(open);
  }

  protected get times(): TunnelTimes {
    return tunnelTimes;
  }

  override async fetch(request: Request): Promise<Response> {
    const context = decodeContext(request.headers.get(CONTEXT_HEADER));
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket") {
      if (context?.op === "peer-connect") return this.#accept(context);
      if (context?.op === "peer-stream") return this.#stream(context);
    }
    return new Response("the request has no valid internal context\n", { status: 400 });
  }

  async #accept({ peer, remoteAddress, secretHash }: PeerConnectContext): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    const attachment: PeerAttachment = {
      v: 1,
      clusterId: peer,
      kind: "peer",
      sessionKey: newSessionKey(),
      openedAt: Date.now(),
      remoteAddress,
      tokenHash: secretHash,
    };
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(attachment);
    this.#add(server, attachment);
    const superfluous = this.#sessions.all().slice(0, -maxSessions);
    await Promise.all(
      superfluous.map(({ session }) => this.#lose(session, "closed", "replaced by newer sessions")),
    );
    this.#meter.opened("accepted");
    this.#log.info("session of the peer opened", { remoteAddress });
    await this.#alarm.within(this.#period());
    this.ctx.waitUntil(this.#tellOfChange());
    return new Response(null, { status: 101, webSocket: client });
  }

  #add(socket: WebSocket, attachment: PeerAttachment): void {
    const session: PeerSession = new LiveSession<"peer">({
      socket,
      attachment,
      clientKey: attachment.clusterId,
      budget: this.#budget,
      meter: this.#meter,
      log: this.#log,
      address: "",
      keptMs: this.times.keptMs,
      askedAt: () => 0,
      onIdle: () => undefined,
      onBroken: (broken, change, reason) => this.ctx.waitUntil(this.#lose(broken, change, reason)),
      onClient: (change, clientKey, sessionKey) => {
        if (!this.#sessions.announced(socket, change, { clientKey, sessionKey }))
          this.ctx.waitUntil(this.#lose(session, "closed", "too many clients announced"));
        this.#tellSoon();
      },
    });
    this.#sessions.add(session);
  }

  /** To one of the peer's clients. The peer dials by sessions of its own alone, if it is a Drover: nothing goes round in circles. */
  async #stream({ clientKey, address }: PeerStreamContext): Promise<Response> {
    const [session] = this.#sessions.reaching(clientKey);
    if (session === undefined)
      return new Response(`failed to find Session for client ${clientKey}`, { status: 503 });
    let conn;
    try {
      conn = session.open(throughClient(clientKey, "tcp"), address);
    } catch (error) {
      return new Response(`dial ${address}: ${String(error)}`, { status: 502 });
    }
    this.#meter.request();
    const { client, server } = acceptedPair();
    joinStreams(new ObjectStream(server), conn);
    await this.#alarm.within(busyPeriodMs);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    this.#sessions.of(socket)?.receive(message);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    await this.#lose(this.#sessions.of(socket), "closed", `closed by the peer: ${code} ${reason}`.trim());
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#lose(this.#sessions.of(socket), "closed", "connection broken");
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    await Promise.all(this.#sessions.all().map(({ session }) => this.#loseIfDead(session)));
    try {
      // A word of a change may have been lost, or have come before a session that was let in just then.
      await this.configure();
    } catch (error) {
      this.#log.warn("cannot learn how the peer is declared", { error });
    }
    if (this.#sessions.size > 0 || this.#dialler.running) await this.#alarm.within(this.#period());
  }

  async configure(): Promise<PeerStatus> {
    const settings = await this.env.API.peerSettings(this.#name);
    await Promise.all(
      this.#sessions
        .all()
        .filter(({ session }) => settings?.secretHashes.includes(session.attachment.tokenHash ?? "") !== true)
        .map(({ session }) => this.#lose(session, "closed", "the peer's secret is not valid any more", 1008)),
    );
    if (JSON.stringify(settings?.dial) !== this.#dialKey) this.#dialler.stop();
    if (this.#dialler.running) void this.#dialler.refresh();
    else this.#dialAs(settings);
    if (settings === null) {
      this.#meter.stop();
      await this.#statistics().forget(`peer/${this.#name}`);
      await this.#alarm.cancel();
    } else if (this.#dialler.running) await this.#alarm.within(busyPeriodMs);
    return this.status();
  }

  async holds(clientKeys: readonly string[]): Promise<readonly string[]> {
    return clientKeys.filter((key) => this.#sessions.reaching(key).length > 0);
  }

  async answers(clientKey: string, withinMs: number): Promise<boolean> {
    const [session] = this.#sessions.reaching(clientKey);
    if (session === undefined) return false;
    this.ctx.waitUntil(this.#loseIfDead(session));
    return within(withinMs, "the peer", session.isAlive()).catch(() => false);
  }

  async offersChanged(): Promise<void> {
    if (!this.#dialler.running) this.#dialAs(await this.env.API.peerSettings(this.#name));
    if (!this.#dialler.running) return;
    await this.#alarm.within(busyPeriodMs);
    await this.#dialler.refresh();
  }

  async status(): Promise<PeerStatus> {
    const dialled = this.#dialler.status;
    return {
      accepted: this.#sessions.all().map(({ session: { attachment }, clients }) => ({
        openedAt: new Date(attachment.openedAt).toISOString(),
        remoteAddress: attachment.remoteAddress,
        clients: clients.size,
      })),
      ...(dialled === undefined ? {} : { dialled }),
    };
  }

  #dialAs(settings: PeerSettings | null): void {
    this.#dialKey = JSON.stringify(settings?.dial);
    if (settings?.dial !== undefined) this.ctx.waitUntil(this.#dialler.start());
  }

  async #loseIfDead(session: PeerSession): Promise<void> {
    if (!(await session.isAlive())) await this.#lose(session, "dead", "no answer to a probe");
  }

  /** Close and error events can both come, after a death too: only the first counts. */
  async #lose(
    session: PeerSession | undefined,
    change: "closed" | "dead",
    reason: string,
    code = change === "dead" ? 1001 : 1000,
  ): Promise<void> {
    if (session === undefined || !this.#sessions.remove(session)) return;
    this.#meter.traffic(session.takeTraffic());
    this.#meter.error(`session-${change}`);
    session.fail(`session lost: ${reason}`);
    closeSocket(session.socket, code, reason);
    this.#log.info("session of the peer ended", { change, reason });
    await this.#tellOfChange();
  }

  /** Announcements come by the thousand when a session opens. */
  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.ctx.waitUntil(this.#tellOfChange());
    }, this.times.reportMs);
  }

  /** Nobody depends on it: the next change tells it as well. */
  async #tellOfChange(): Promise<void> {
    try {
      await this.env.API.peerChanged(this.#name);
    } catch (error) {
      this.#log.warn("cannot report a change", { error });
    }
  }

  get #streams(): number {
    const accepted = this.#sessions.all().reduce((sum, { session }) => sum + session.streams, 0);
    return accepted + this.#dialler.streams;
  }

  #statistics(): ReturnType<DurableEnv["TUNNEL_STATISTICS"]["getByName"]> {
    return this.env.TUNNEL_STATISTICS.getByName("main");
  }

  #period(): number {
    return this.#dialler.running || this.#streams > 0 ? busyPeriodMs : idlePeriodMs;
  }
}
