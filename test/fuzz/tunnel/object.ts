/**
 * Malformed responses through a whole Drover: the tunnel's object in workerd reads what a scripted agent sends. Requests
 * beside them, on the same session, are answered as ever; the session stays. Only when named: it starts a Drover.
 */
import { once } from "node:events";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { rootCertificates } from "node:tls";
import { runTunnel } from "../../../agent/tunnel.ts";
import { Budget } from "../../../wire/remotedialer/limits.ts";
import type { Conn } from "../../../wire/remotedialer/conn.ts";
import { eventually, loginAs, removeDataDir, startDrover } from "../../e2e/drover.ts";
import { newCluster } from "../../e2e/scripted-agent.ts";
import { pieces } from "./noise.ts";
import { malformedResponse } from "./responses.ts";
import { messagesPerEpisode, must } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

const password = "fuzzing passphrase";
const answerMs = 20_000;

export const object: FuzzTarget = {
  name: "object",
  share: 1,
  async start() {
    const drover = await startDrover({
      args: ["--bootstrap-password", password, "--log-level", "error"],
      env: { CATTLE_CLUSTER_REQUESTS_PER_SECOND: "0", CATTLE_CLUSTER_REQUESTS_PER_SECOND_PER_USER: "0" },
    });
    const { token } = await loginAs(drover, "admin", password);
    const cluster = await newCluster({ server: drover.url, ca: drover.ca, token }, "fuzz");
    /** What is answered to `/noise/<number>`. */
    const noise = new Map<string, readonly Uint8Array[]>();
    const stopped = new AbortController();
    let sessions = 0;
    const ended = runTunnel({
      url: `wss://localhost:${drover.port}/v3/connect`,
      headers: { authorization: `Bearer stv-cluster-${cluster.token}` },
      route: { ca: [...rootCertificates, drover.ca] },
      onConnect: (conn) => serve(conn, noise),
      budget: new Budget(),
      signal: stopped.signal,
      onOpen: () => void (sessions += 1),
    });
    await eventually("the session", 20_000, () => (sessions > 0 ? true : undefined));
    const agent = new Agent({ keepAlive: true, ca: drover.ca });
    const ask = (path: string): Promise<{ status: number; body: string }> =>
      get(agent, `${drover.url}/k8s/clusters/${cluster.id}${path}`, token);

    return {
      async episode(random) {
        for (let sent = 0; sent < messagesPerEpisode; sent += 20) {
          noise.clear();
          for (let at = 0; at < 20; at++)
            noise.set(`/noise/${at}`, pieces(random, malformedResponse(random)));
          const beside = Array.from({ length: 4 }, (_, at) => ask(`/beside/${sent}/${at}`));
          const hit = [...noise.keys()].map(async (path) => {
            // Broken connections are as good as errors: half an answer must not pass for a whole one.
            const answer = await ask(path).catch((error: Error) => {
              must(error.message !== "hangs", `${path} is never answered`);
            });
            // The noise has 500s of its own, but none of our shape.
            const ours = answer?.status === 500 && answer.body.includes('"kind":"Status"');
            must(!ours, `${path}: 500 ${answer?.body}`);
          });
          for (const [at, { status, body }] of (await Promise.all(beside)).entries())
            must(
              status === 200 && body === `/beside/${sent}/${at}`,
              `a request beside it got ${status} ${body}`,
            );
          await Promise.all(hit);
        }
        must(sessions === 1, "the session did not stay");
        return messagesPerEpisode;
      },
      async stop() {
        stopped.abort();
        await ended;
        agent.destroy();
        await drover.stop();
        removeDataDir(drover.dataDir);
      },
    };
  },
};

/** One response to a stream, which then ends; other paths get a decent one, and the stream is kept. */
function serve(conn: Conn, noise: ReadonlyMap<string, readonly Uint8Array[]>): void {
  let text = "";
  conn.onData = (chunk) => {
    text += Buffer.from(chunk).toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const path = text.split(" ", 2)[1] ?? "";
    text = text.slice(end + 4);
    const chunks = noise.get(path);
    if (chunks === undefined) {
      conn.write(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`));
      return;
    }
    for (const piece of chunks) conn.write(piece);
    conn.close();
  };
}

async function get(agent: Agent, url: string, token: string): Promise<{ status: number; body: string }> {
  const outgoing = request(url, { agent, headers: { authorization: `Bearer ${token}` } });
  const timer = setTimeout(() => outgoing.destroy(new Error("hangs")), answerMs);
  try {
    outgoing.end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of answer.setEncoding("latin1")) body += String(chunk);
    return { status: answer.statusCode ?? 0, body };
  } finally {
    clearTimeout(timer);
  }
}
