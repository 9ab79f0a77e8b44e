/** A few JSON calls to the kube-apiserver, for the agent's own needs. */
import { Agent, request } from "node:https";
import type { KubeAccess } from "./kube-config.ts";

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** TLS options and keep-alive pool for one apiserver; shared by the client and the proxy. */
export function kubeAgent(access: KubeAccess): Agent {
  return new Agent({
    keepAlive: true,
    // Watches and execs hold their connection; the pool must not be what limits them.
    maxSockets: Number.POSITIVE_INFINITY,
    maxFreeSockets: 64,
    host: access.host,
    port: access.port,
    ca: access.ca,
    ...(access.clientCert === undefined ? {} : { cert: access.clientCert }),
    ...(access.clientKey === undefined ? {} : { key: access.clientKey }),
  });
}

export type KubeCall = (
  method: string,
  path: string,
  body?: unknown,
  contentType?: string,
  accept?: string,
) => Promise<KubeAnswer>;

export function kubeClient(access: KubeAccess, agent: Agent): KubeCall {
  return (method, path, body, contentType = "application/json", accept = "application/json") =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const bearer = access.bearer();
      const outgoing = request(
        {
          agent,
          host: access.host,
          port: access.port,
          method,
          path,
          timeout: 15_000,
          headers: {
            accept,
            "user-agent": "drover-agent",
            ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
            ...(payload === undefined
              ? {}
              : { "content-type": contentType, "content-length": Buffer.byteLength(payload) }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            const parsed = parseJson(text);
            if (parsed === undefined && text !== "")
              reject(new Error(`${method} ${path}: the answer is not JSON`));
            else resolve({ status: incoming.statusCode ?? 0, body: parsed });
          });
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer within 15 s`)));
      outgoing.on("error", reject);
      outgoing.end(payload);
    });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
