/** Agents of tests inside workerd: WebSockets to the object itself, which answer as a test says. */
import { env } from "cloudflare:workers";
import { CONTEXT_HEADER, encodeContext } from "../../../schema/internal/context.ts";
import type { ConnectContext, ProxyContext } from "../../../schema/internal/context.ts";
import { decodeMessage, encodeMessage, encodeText, messageType } from "../../../wire/remotedialer/codec.ts";
import type { DurableEnv } from "../../env.ts";

export const { TUNNEL, TUNNEL_STATISTICS, PEER } = env as unknown as DurableEnv;
export type Stub = ReturnType<DurableEnv["TUNNEL"]["getByName"]>;

export interface TestAgent {
  readonly socket: WebSocket;
  /** Of the 101. */
  readonly headers: Headers;
  /** Ids of streams on which a request came, in order. */
  readonly streams: number[];
  /** What streams were opened to, as CONNECT says it. */
  readonly connects: string[];
  /** All that the object has sent, such as `CONNECT 7 tcp/127.0.0.1:6080`; of DATA the length of its payload. */
  readonly received: string[];
  /** Empty DATA on unknown streams, each answered as Go does. */
  readonly probes: () => number;
  readonly send: (type: number, connId: number, payload?: string | Uint8Array) => void;
  /** From now on it reads nothing and says nothing. */
  readonly stop: () => void;
}

/** What the agent does with the bytes of a request. */
export type Behaviour = (agent: TestAgent, connId: number, payload: Uint8Array) => void;

/** Answers each request with the id of its stream, and closes the stream behind it. */
export const answerWithId: Behaviour = (agent, connId) => answer(agent, connId, String(connId));

/** As an agent whose dial fails: Go sends both messages (tunnel.md 1.6). */
export const failToDial: Behaviour = (agent, connId) => {
  agent.send(messageType.error, connId, "dial tcp 10.43.0.1:443: connect: connection refused");
  agent.send(messageType.error, connId, "EOF");
};

/** Reads and never answers. */
export const silence: Behaviour = () => undefined;

export function answer(agent: TestAgent, connId: number, body: string): void {
  const head = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  agent.send(messageType.data, connId, head + body);
}

export async function connectAgent(
  stub: Stub,
  clusterId: string,
  behaviour: Behaviour = answerWithId,
  more: Partial<ConnectContext> = {},
): Promise<TestAgent> {
  const context = encodeContext({
    v: 1,
    op: "connect",
    clusterId,
    kind: "steve",
    remoteAddress: "192.0.2.1",
    ...more,
  });
  return open(stub, context, behaviour);
}

/** A session that a peer opens. */
export async function connectPeer(
  name: string,
  behaviour: Behaviour = answerWithId,
  secretHash = "hash",
): Promise<TestAgent> {
  const context = encodeContext({
    v: 1,
    op: "peer-connect",
    peer: name,
    remoteAddress: "192.0.2.1",
    secretHash,
  });
  return open(PEER.getByName(name), context, behaviour);
}

async function open(
  stub: { fetch: Stub["fetch"] },
  context: string,
  behaviour: Behaviour,
): Promise<TestAgent> {
  const response = await stub.fetch("https://tunnel/connect", {
    headers: { upgrade: "websocket", [CONTEXT_HEADER]: context },
  });
  const { webSocket: socket, headers } = response;
  if (socket === null) throw new Error(`no WebSocket: ${response.status} ${await response.text()}`);
  socket.binaryType = "arraybuffer";
  socket.accept();
  let probes = 0;
  let stopped = false;
  const agent: TestAgent = {
    socket,
    headers,
    streams: [],
    connects: [],
    received: [],
    probes: () => probes,
    send(type, connId, payload = "") {
      socket.send(
        typeof payload === "string"
          ? encodeText(type, connId, payload)
          : encodeMessage(type, connId, payload),
      );
    },
    stop: () => (stopped = true),
  };
  socket.addEventListener("message", ({ data }) => {
    const message = decodeMessage(new Uint8Array(data as ArrayBuffer));
    if (message?.type === messageType.connect) agent.connects.push(new TextDecoder().decode(message.payload));
    if (message !== undefined) agent.received.push(shown(message));
    if (stopped || message?.type !== messageType.data) return;
    if (message.payload.length === 0) {
      probes += 1;
      agent.send(messageType.error, message.connId, "connection not found");
      return;
    }
    agent.streams.push(message.connId);
    behaviour(agent, message.connId, message.payload);
  });
  return agent;
}

const names = ["", "DATA", "CONNECT", "ERROR", "ADD", "REMOVE", "PAUSE", "RESUME", "SYNC"];

function shown({ type, connId, payload }: NonNullable<ReturnType<typeof decodeMessage>>): string {
  const text = type === messageType.data ? String(payload.length) : new TextDecoder().decode(payload);
  return `${names[type] ?? type} ${connId} ${text}`.trim();
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Asked extends Pick<ProxyContext, "shards" | "peers" | "clusterIdentity"> {
  readonly method?: string;
  readonly body?: string | ReadableStream;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request of a user, as the API Worker passes it on. Its answer must be read or cancelled. */
export function send(
  stub: Stub,
  clusterId: string,
  { shards, peers, clusterIdentity, headers, ...init }: Asked = {},
  target = "/version",
): Promise<Response> {
  const context = encodeContext({
    v: 1,
    op: "proxy",
    target,
    identity: { user: "u-1", groups: [], extra: {} },
    requestId: "r-1",
    prefix: `/k8s/clusters/${clusterId}`,
    origin: "user",
    ...(shards === undefined ? {} : { shards }),
    ...(peers === undefined ? {} : { peers }),
    ...(clusterIdentity === undefined ? {} : { clusterIdentity }),
  });
  return stub.fetch(`https://tunnel${target}`, {
    ...init,
    headers: { ...headers, [CONTEXT_HEADER]: context },
  });
}

/** The same, with the whole answer. */
export async function ask(...asked: Parameters<typeof send>): Promise<Answer> {
  const response = await send(...asked);
  // An unread body is a reference to the object: it could not leave memory.
  return { status: response.status, headers: response.headers, text: await response.text() };
}
