/** A reconciler's requests to a cluster, through the cluster's tunnel object. */
import { agentIdentity } from "../../schema/internal/agent-identity.ts";
import { CONTEXT_HEADER, encodeContext } from "../../schema/internal/context.ts";
import type { Env } from "../env.ts";
import type { DownstreamInit } from "./controller.ts";

const defaultTimeoutMs = 8_000;

/** Rejects when there is no answer in time; HTTP errors are answers. */
export async function fetchDownstream(
  env: Env,
  clusterId: string,
  path: string,
  init: DownstreamInit = {},
): Promise<Response> {
  const { peers, clusterIdentity } = init.through ?? {};
  const headers = new Headers({ accept: "application/json" });
  headers.set(
    CONTEXT_HEADER,
    encodeContext({
      v: 1,
      op: "proxy",
      target: path,
      identity: agentIdentity,
      requestId: crypto.randomUUID(),
      prefix: `/k8s/clusters/${clusterId}`,
      origin: "controller",
      ...(peers === undefined ? {} : { peers }),
      ...(clusterIdentity === undefined ? {} : { clusterIdentity }),
    }),
  );
  if (init.body !== undefined) headers.set("content-type", "application/json");
  return env.TUNNEL.getByName(clusterId).fetch(`https://tunnel${path}`, {
    method: init.method ?? "GET",
    headers,
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    signal: AbortSignal.timeout(init.timeoutMs ?? defaultTimeoutMs),
  });
}
