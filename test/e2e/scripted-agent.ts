/** An agent whose cluster is a Node HTTP server of the test: the real tunnel code, with answers that a test chooses. */
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { rootCertificates } from "node:tls";
import { WebSocket } from "ws";
import { ConnStream } from "../../agent/conn-stream.ts";
import { runTunnel } from "../../agent/tunnel.ts";
import type { TunnelEnd } from "../../agent/tunnel.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";
import { callJson } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";

export interface ScriptedAgent {
  /** The cluster: `request` and `upgrade` events come from the tunnel. */
  readonly server: Server;
  /** Streams that the server has opened so far. */
  readonly dialled: () => number;
  readonly ended: Promise<TunnelEnd>;
  readonly stop: () => Promise<void>;
}

/** A steve session. `port`: of a relay in between. */
export async function connectAgent(
  drover: Pick<Drover, "port" | "ca">,
  token: string,
  listener: RequestListener,
  port: number = drover.port,
): Promise<ScriptedAgent> {
  const server = createServer(listener);
  const stopped = new AbortController();
  let dialled = 0;
  const opened = Promise.withResolvers<void>();
  const ended = runTunnel({
    url: `wss://localhost:${port}/v3/connect`,
    headers: { authorization: `Bearer stv-cluster-${token}` },
    route: { ca: [...rootCertificates, drover.ca] },
    onConnect(conn) {
      dialled++;
      server.emit("connection", new ConnStream(conn));
    },
    budget: new Budget(),
    signal: stopped.signal,
    onOpen: () => opened.resolve(),
  });
  await Promise.race([
    opened.promise,
    ended.then((end) => Promise.reject(new Error(`the agent did not connect: ${JSON.stringify(end)}`))),
  ]);
  return {
    server,
    dialled: () => dialled,
    ended,
    async stop() {
      stopped.abort();
      await ended;
      server.closeAllConnections();
    },
  };
}

/** Answers what the cluster's lifecycle asks, so that it becomes Active; `false` for everything else. */
export function answerLifecycle(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const url = incoming.url ?? "";
  if (url === "/ping" || url === "/readyz") outgoing.end("ok");
  else if (url === "/version") outgoing.end('{"gitVersion":"v1.36.0"}');
  // It lets Drover leave no key in it.
  else if (url.startsWith("/api/v1/namespaces/kube-system")) outgoing.writeHead(404).end("{}");
  else if (url.startsWith("/apis/rbac.authorization.k8s.io/"))
    outgoing.writeHead(incoming.method === "POST" ? 201 : 404).end("{}");
  else return false;
  return true;
}

/** What a bare WebSocket client sees of `/v3/connect`: 101, or the refusal with its text. */
export function tryConnect(
  drover: Drover,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string; socket?: WebSocket; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://localhost:${drover.port}${path}`, {
      headers,
      ca: drover.ca,
      perMessageDeflate: false,
    });
    let upgradeHeaders: Record<string, unknown> = {};
    socket.on("upgrade", (answer) => (upgradeHeaders = answer.headers));
    socket.on("open", () => resolve({ status: 101, text: "", socket, headers: upgradeHeaders }));
    socket.on("unexpected-response", (_request, answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
    socket.on("error", reject);
  });
}

/** `X-API-Tunnel-Params` as the Go agent sends it. */
export function tunnelParams(cluster: Record<string, unknown>): string {
  return Buffer.from(JSON.stringify({ cluster })).toString("base64");
}

export async function newCluster(admin: Connection, name: string): Promise<{ id: string; token: string }> {
  const { id } = await callJson<{ id: string }>(admin, "POST", "/v3/clusters", { name });
  const tokens = await callJson<{ data: { token: string }[] }>(
    admin,
    "GET",
    `/v3/clusterregistrationtokens?clusterId=${id}`,
  );
  const token = tokens.data[0]?.token;
  if (token === undefined) throw new Error("the cluster has no registration token");
  return { id, token };
}
