/**
 * Malformed requests to the agent's HTTP server, each on a stream of one session: what reaches the kube-apiserver has a
 * user and the agent's own credential alone, and requests beside it on the same session are answered as ever.
 */
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { ConnStream } from "../../../agent/conn-stream.ts";
import { kubeAgent } from "../../../agent/kube-client.ts";
import { createKubeProxy } from "../../../agent/kube-proxy.ts";
import { accountToken, startApiserver } from "../../../agent/testing/apiserver.ts";
import { joinedSessions } from "../../../agent/testing/sessions.ts";
import { pieces } from "./noise.ts";
import { malformedRequest } from "./requests.ts";
import { messagesPerEpisode, must } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

const endMs = 10_000;

export const agent: FuzzTarget = {
  name: "agent",
  share: 0.02,
  async start() {
    const apiserver = await startApiserver();
    const upstream = kubeAgent(apiserver.access);
    const proxy = createKubeProxy(apiserver.access, upstream, () => undefined);
    const pair = joinedSessions((conn) => proxy.emit("connection", new ConnStream(conn)));
    const dial = () => pair.server.dial("tcp", "127.0.0.1:6080");

    const send = async (chunks: readonly Uint8Array[]): Promise<void> => {
      const conn = dial();
      const closed = new Promise<void>((resolve) => (conn.onClose = () => resolve()));
      for (const chunk of chunks) conn.write(chunk);
      // Whoever has sent half a request waits; a tunnel knows no half-close, so the client ends it.
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([closed, new Promise((resolve) => (timer = setTimeout(resolve, 20)))]);
      clearTimeout(timer);
      conn.close();
    };
    const ask = async (path: string): Promise<void> => {
      const outgoing = request({
        path,
        headers: { "Impersonate-User": "alice" },
        createConnection: () => new ConnStream(dial()),
        timeout: endMs,
      });
      outgoing.end();
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      const body = await text(answer);
      must(
        answer.statusCode === 200 && body.includes(path),
        `a request beside it got ${answer.statusCode} ${body}`,
      );
    };
    return {
      async episode(random) {
        apiserver.requests.length = 0;
        for (let sent = 0; sent < messagesPerEpisode; sent += 20) {
          const noise = Array.from({ length: 20 }, () =>
            send(
              pieces(
                random,
                malformedRequest(random, [
                  "Host: x",
                  ...(random.oneIn(3) ? [] : ["Impersonate-User: alice"]),
                ]),
              ),
            ),
          );
          await Promise.all([ask(`/beside/${sent}`), ...noise]);
        }
        for (const { headersDistinct } of apiserver.requests) {
          const users = headersDistinct["impersonate-user"] ?? [];
          must(users.length === 1 && users[0] !== "", `the apiserver was asked as ${JSON.stringify(users)}`);
          must(headersDistinct["authorization"]?.join() === `Bearer ${accountToken}`, "a foreign credential");
          must(headersDistinct["cookie"] === undefined, "a cookie");
        }
        must(pair.server.stats.conns <= 1, `${pair.server.stats.conns} streams stay open`);
        return messagesPerEpisode;
      },
      async stop() {
        upstream.destroy();
        apiserver.stop();
      },
    };
  },
};
