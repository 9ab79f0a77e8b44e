/**
 * The tunnel of one cluster (design 4): holds its agents' WebSockets by hibernation, hands requests to the router over them, and
 * tells the API Worker when sessions come and go.
 */
import { DurableObject } from "cloudflare:workers";
import { CONTEXT_HEADER, decodeContext } from "../../schema/internal/context.ts";
import type { ConnectContext } from "../../schema/internal/context.ts";
import { clientKeyOf } from "../../schema/internal/peers.ts";
import type { TunnelEvent, TunnelRpc, TunnelStatus } from "../../schema/internal/rpc.ts";
import type { TunnelGauges } from "../../schema/internal/tunnel-statistics.ts";
import { createLogger } from "../../schema/logger.ts";
import { KEEPALIVE_HEADER, keepaliveAnswer, keepaliveAsk } from "../../wire/remotedialer/keepalive.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";
import type { DurableEnv } from "../env.ts";
import { NextAlarm } from "../next-alarm.ts";
import { named, statusAnswer } from "./answers.ts";
import { newSessionKey, readAttachment } from "./attachment.ts";
import type { Attachment } from "./attachment.ts";
import { closeSocket } from "./close-socket.ts";
import { ClusterRouter, returningMs } from "./cluster-router.ts";
import { Gatekeeper, unprovenOf } from "./gatekeeper.ts";
import type { Said } from "./gatekeeper.ts";
import { LiveSession } from "./live-session.ts";
import { Meter } from "./meter.ts";
import { RecordStore } from "./record.ts";
import type { TunnelRecord } from "./record.ts";
import { Shards, sessionsToMove } from "./shards.ts";
import { Revocations } from "./revocations.ts";
import { SessionSet } from "./session-set.ts";
import { joinedStatus, sessionInfo } from "./status.ts";
import { SpillStore } from "./spill-store.ts";
import { tunnelTimes } from "./times.ts";
import type { TunnelTimes } from "./times.ts";

/** Looking for silent deaths: 75 s and a probe of 10 s stay below the 90 s that a watched cluster is promised. */
const watchedPeriodMs = 75_000;
const idlePeriodMs = 15 * 60_000;
/** A cluster is watched for this long after a request. */
const watchMs = 10 * 60_000;
const reportRetryMs = 3_000;
const defaultAddress = "127.0.0.1:6080";

export class ClusterTunnel extends DurableObject<DurableEnv> implements TunnelRpc {
  readonly #sessions = new SessionSet();
  readonly #spill = new SpillStore(this.ctx.storage);
  readonly #budget = new Budget({ spill: this.#spill });
  readonly #gate = new Gatekeeper({
    proven: () => this.#sessions.candidates("steve"),
    registrationProven: (clusterId, registration) => this.env.API.registrationProven(clusterId, registration),
    onProven: (session) => this.ctx.waitUntil(this.#letIn(session)),
    onRefused: (session, reason) => this.#refuse(session, reason),
  });
  readonly #record: RecordStore;
  readonly #revocations: Revocations;
  readonly #log = createLogger(this.env.DROVER_LOG_LEVEL, { clusterId: this.ctx.id.name });
  readonly #alarm = new NextAlarm(this.ctx.storage, () => this.#log.debug("row written"));
  readonly #meter = new Meter({
    gauges: () => this.#gauges(),
    streams: () => this.#sessions.streams + this.#router.streams,
    traffic: () => [...this.#sessions.all(), this.#router].map((carrier) => carrier.takeTraffic()),
    report: (report) => this.#statistics().report({ clusterId: this.ctx.id.name ?? "", ...report }),
    onBusy: () => this.#sessions.candidates("steve")[0]?.measure(),
    reportMs: this.times.reportMs,
  });
  readonly #shards = new Shards(this.env, this.ctx.id.name ?? "", () => this.#record.value.shards);
  readonly #steveAddress = this.env.DROVER_STEVE_ADDRESS ?? defaultAddress;
  readonly #router = new ClusterRouter({
    env: this.env,
    sessions: this.#sessions,
    shards: this.#shards,
    steveAddress: this.#steveAddress,
    meter: this.#meter,
    log: this.#log,
    keptMs: this.times.keptMs,
    lastLostAt: () => this.#record.value.lastLostAt,
    onUse: () => this.#watch(),
  });
  /** As of the last `status`. */
  #connectionKey: string | undefined;

  constructor(ctx: DurableObjectState, env: DurableEnv) {
    super(ctx, env);
    this.#log.debug("object woke");
    this.#record = new RecordStore(ctx.storage, () => this.#log.debug("row written"));
    this.#revocations = new Revocations(this.#record);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(keepaliveAsk, keepaliveAnswer));
    for (const socket of ctx.getWebSockets()) {
      const attachment = readAttachment(socket.deserializeAttachment());
      if (attachment === undefined) socket.close(1012, "unknown session");
      else if (attachment.unproven === "registration") closeSocket(socket, 1012, "connect again");
      else this.#add(socket, attachment);
    }
    this.#noticeLosses();
  }

  /** Tests do not wait. */
  protected get times(): TunnelTimes {
    return tunnelTimes;
  }

  override async fetch(request: Request): Promise<Response> {
    const context = decodeContext(request.headers.get(CONTEXT_HEADER));
    switch (context?.op) {
      case "connect":
        return this.#connect(request, context);
      case "proxy":
        return named(await this.#router.proxy(request, context), context);
      case "stream":
        return this.#router.stream(request, context);
      default:
        return statusAnswer(400, "the request has no valid internal context");
    }
  }

  async #connect(request: Request, context: ConnectContext): Promise<Response> {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
      return new Response("websocket: the client is not using the websocket protocol\n", { status: 400 });
    const must = unprovenOf(context);
    if (must.unproven !== undefined && this.#gate.full)
      return new Response("too many sessions that have not shown yet what they are\n", { status: 503 });
    // Judged before, and revoked since: its agent asks anew, and is told what holds then.
    if (this.#revocations.revokes(context.tokenHash))
      return new Response("registration tokens have just changed: connect again\n", { status: 503 });
    const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    const attachment: Attachment = {
      v: 1,
      clusterId: context.clusterId,
      kind: context.kind,
      sessionKey: newSessionKey(),
      openedAt: Date.now(),
      remoteAddress: context.remoteAddress,
      ...(context.tokenHash === undefined ? {} : { tokenHash: context.tokenHash }),
      ...(context.keepalive === true ? { keepalive: true } : {}),
      ...must,
    };
    this.ctx.acceptWebSocket(server, [context.kind]);
    server.serializeAttachment(attachment);
    const session = this.#add(server, attachment, context);
    if (context.kind === "main") this.#router.forgetServer();
    this.#meter.opened(context.kind);
    this.#record.change({ clusterId: context.clusterId, open: this.#openKeys() });
    await this.#alarm.within(this.#period());
    if (must.unproven === undefined) this.ctx.waitUntil(this.#report(session, "opened", "agent connected"));
    const headers: HeadersInit = context.keepalive === true ? { [KEEPALIVE_HEADER]: keepaliveAsk } : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    this.#sessions.of(socket)?.receive(message);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    const text = `closed by the agent: ${code}${reason === "" ? "" : ` ${reason}`}`;
    await this.#lose(this.#sessions.of(socket), "closed", text);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#lose(this.#sessions.of(socket), "closed", "connection broken");
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    this.#log.debug("alarm");
    await Promise.all(
      this.#sessions.all().map(async (session) => {
        if (!session.askedLately && !(await session.isAlive()))
          await this.#lose(session, "dead", "no answer to a probe");
      }),
    );
    if (this.#record.value.unreported)
      await this.#report(undefined, this.#sessions.size > 0 ? "opened" : "closed", "reported again");
    if (this.#sessions.size > 0) await this.#alarm.within(this.#period());
  }

  async status(connectionKey?: string): Promise<TunnelStatus> {
    if (connectionKey !== undefined && connectionKey !== this.#connectionKey) this.#router.forgetServer();
    this.#connectionKey = connectionKey ?? this.#connectionKey;
    const { lastLostAt, clusterId = "" } = this.#record.value;
    const own = {
      clusterId,
      sessions: this.#sessions.all().map((session) => sessionInfo(session, this.#shards.index)),
      ...(lastLostAt === undefined ? {} : { lastLostAt: new Date(lastLostAt).toISOString() }),
    };
    const others = this.#shards.others.map((shard) => this.#shards.of(shard).status(connectionKey));
    return joinedStatus(own, await Promise.all(others));
  }

  async closeSessions(reason: string): Promise<void> {
    await Promise.all(this.#shards.others.map((shard) => this.#shards.of(shard).closeSessions(reason)));
    for (const session of this.#sessions.all()) {
      this.#sessions.remove(session);
      this.#gate.remove(session);
      session.fail(reason);
      closeSocket(session.socket, 1000, reason);
    }
    this.#record.forget();
    this.#meter.stop();
    await this.#statistics().forget(this.ctx.id.name ?? "");
    await this.ctx.storage.deleteAll();
    await this.#alarm.cancel();
  }

  async keepSessionsOf(tokenHashes: readonly string[], reason: string): Promise<void> {
    this.#revocations.keep(tokenHashes);
    const revoked = this.#sessions
      .all()
      .filter(({ attachment }) => this.#revocations.revokes(attachment.tokenHash));
    await Promise.all([
      ...revoked.map((session) => this.#lose(session, "closed", reason)),
      ...this.#shards.others.map((shard) => this.#shards.of(shard).keepSessionsOf(tokenHashes, reason)),
    ]);
  }

  async spread(shards: number): Promise<void> {
    const known = Math.max(shards, this.#record.value.shards);
    if (known === 1) return;
    if (known > this.#record.value.shards) this.#record.change({ shards: known });
    const { sessions } = await this.status();
    const moving = sessionsToMove(sessions, shards);
    if (moving.length === 0) return;
    await Promise.all([
      this.move(moving),
      ...this.#shards.others.map((shard) => this.#shards.of(shard).move(moving)),
    ]);
  }

  async move(sessionKeys: readonly string[]): Promise<void> {
    for (const session of this.#sessions.all())
      if (sessionKeys.includes(session.attachment.sessionKey)) session.leaveWhenIdle();
  }

  #add(socket: WebSocket, attachment: Attachment, said?: Said): LiveSession {
    const session = new LiveSession({
      socket,
      attachment,
      budget: this.#budget,
      meter: this.#meter,
      log: this.#log,
      keptMs: this.times.keptMs,
      clientKey: clientKeyOf(attachment.clusterId, attachment.kind),
      address: this.#steveAddress,
      askedAt: () => this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0,
      onIdle: (idle) =>
        queueMicrotask(() => this.ctx.waitUntil(this.#lose(idle, "closed", "moved to another shard"))),
      onBroken: (broken, change, reason) => this.ctx.waitUntil(this.#lose(broken, change, reason)),
    });
    this.#sessions.add(session);
    if (attachment.unproven !== undefined) this.#gate.examine(session, said);
    return session;
  }

  async #letIn(session: LiveSession): Promise<void> {
    session.letIn();
    if (session.attachment.kind === "main") this.#router.forgetServer();
    await this.#report(session, "opened", "agent connected");
  }

  /** The others stay as they are, and nobody is told of a loss: it never was the cluster's. */
  #refuse(session: LiveSession, reason: string): void {
    const { kind, sessionKey, remoteAddress } = session.attachment;
    this.#log.warn("agent refused", { kind, sessionKey, remoteAddress, reason });
    this.#meter.error("session-refused");
    this.#end(session, 1008, `refused: ${reason}`);
  }

  /** False when it had ended already. */
  #end(session: LiveSession, code: number, reason: string, lost: Partial<TunnelRecord> = {}): boolean {
    if (!this.#sessions.remove(session)) return false;
    this.#gate.remove(session);
    this.#meter.traffic(session.takeTraffic());
    session.fail(`session lost: ${reason}`);
    closeSocket(session.socket, code, reason);
    this.#record.change({ ...lost, open: this.#openKeys() });
    return true;
  }

  /** Close and error events can both come, after a death too: only the first counts. */
  async #lose(session: LiveSession | undefined, change: "closed" | "dead", reason: string): Promise<void> {
    if (session === undefined) return;
    const { kind, unproven } = session.attachment;
    // A main session that only stands by is no loss.
    const served = kind === "steve" || this.#sessions.candidates("steve").length === 0;
    const lost = unproven === undefined && served ? { lastLostAt: Date.now() } : {};
    if (!this.#end(session, change === "dead" ? 1001 : 1000, reason, lost)) return;
    this.#meter.error(`session-${change}`);
    if (unproven !== undefined) return;
    await this.#report(session, change, reason);
  }

  /** Sockets that a crash or a deploy took: no event came for them. Told only when their agents had time to return. */
  #noticeLosses(): void {
    const open = this.#openKeys();
    if (this.#record.value.open.every((key) => open.includes(key))) return;
    this.#record.change({ open, lastLostAt: Date.now(), unreported: true });
    this.ctx.waitUntil(this.#alarm.within(returningMs));
  }

  #statistics(): ReturnType<DurableEnv["TUNNEL_STATISTICS"]["getByName"]> {
    return this.env.TUNNEL_STATISTICS.getByName("main");
  }

  #gauges(): Omit<TunnelGauges, "streams"> {
    const [first] = [...this.#sessions.candidates("steve"), ...this.#sessions.candidates("main")];
    const roundTrip = first?.roundTrip;
    const { held: memory, peak } = this.#budget;
    return {
      sessions: this.#sessions.counts,
      buffered: { memory, peak, storage: this.#spill.bytes },
      ...(roundTrip === undefined ? {} : { roundTrip }),
    };
  }

  #openKeys(): string[] {
    return this.#sessions.all().map(({ attachment }) => attachment.sessionKey);
  }

  /** Nothing waits for a cron tick: a report that fails is made again by the alarm. */
  async #report(
    session: LiveSession | undefined,
    change: TunnelEvent["change"],
    reason: string,
  ): Promise<void> {
    const { clusterId } = this.#record.value;
    if (clusterId === undefined) return;
    try {
      await this.env.API.tunnelChanged({
        clusterId,
        change,
        kind: session?.attachment.kind ?? "steve",
        sessionKey: session?.attachment.sessionKey ?? "",
        reason,
        steveSessions: this.#sessions.candidates("steve").length,
        ...(this.#shards.index === 0 ? {} : { shard: this.#shards.index }),
        at: new Date().toISOString(),
      });
      if (this.#record.value.unreported) this.#record.change({ unreported: false });
    } catch (error) {
      this.#log.warn("cannot report a session", { error });
      this.#record.change({ unreported: true });
      await this.#alarm.within(reportRetryMs);
    }
  }

  /** An open stream is use too: a watch or a shell may make no request for hours. */
  #period(): number {
    const used = this.#sessions.all().some(({ streams }) => streams > 0);
    return used || Date.now() < this.#record.value.watchedUntil ? watchedPeriodMs : idlePeriodMs;
  }

  /** Somebody uses the cluster. Written at most every few minutes: requests must not cost rows. */
  async #watch(): Promise<void> {
    const now = Date.now();
    if (this.#record.value.watchedUntil < now + watchMs / 2)
      this.#record.change({ watchedUntil: now + watchMs });
    if (this.#sessions.size > 0) await this.#alarm.within(watchedPeriodMs);
  }
}
