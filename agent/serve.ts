/** The agent's two sessions (tunnel.md 2.1): main, which dials addresses, and steve, which answers HTTP. */
import type { Conn } from "../wire/remotedialer/conn.ts";
import { Budget } from "../wire/remotedialer/limits.ts";
import type { AgentConfig } from "./config.ts";
import { ConnStream } from "./conn-stream.ts";
import { Connector } from "./connector.ts";
import { kubeAgent, kubeClient } from "./kube-client.ts";
import { inClusterAccess, kubeconfigAccess } from "./kube-config.ts";
import type { KubeAccess } from "./kube-config.ts";
import { createKubeProxy } from "./kube-proxy.ts";
import type { Log } from "./log.ts";
import { keepDeletingOldCredentials } from "./old-credentials.ts";
import { routeTo } from "./route.ts";
import { serviceAccountToken } from "./service-account.ts";
import { dial, mayDial } from "./tcp-dial.ts";
import type { Trust } from "./trust.ts";
import { runTunnel } from "./tunnel.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const watchdogEveryMs = 1_000;

export interface Access {
  /** What requests of the steve session are sent with. */
  readonly kube: KubeAccess;
  /** The long-lived token of the service account, for the server. */
  readonly accountToken: string;
}

/** Finds the kube-apiserver and the credentials of cattle-system/cattle. Throws as `serviceAccountToken` does. */
export async function establishAccess(config: AgentConfig, env: Environment): Promise<Access> {
  const given = config.kubeconfig === undefined ? inClusterAccess(env) : kubeconfigAccess(config.kubeconfig);
  const agent = kubeAgent(given);
  try {
    const accountToken = await serviceAccountToken(kubeClient(given, agent));
    if (config.kubeconfig === undefined) return { kube: given, accountToken };
    // Not with the rights of whoever wrote the kubeconfig: an admin's certificate may impersonate system:masters.
    const { host, port, ca } = given;
    return { kube: { host, port, ca, bearer: () => accountToken }, accountToken };
  } finally {
    agent.destroy();
  }
}

/** Keeps both sessions until `signal` aborts; calls `onWatchdog` when one of them has been gone for too long. */
export async function serve(
  config: AgentConfig,
  access: Access,
  trust: Trust,
  env: Environment,
  log: Log,
  signal: AbortSignal,
  onWatchdog: () => void,
): Promise<void> {
  const upstream = kubeAgent(access.kube);
  const proxy = createKubeProxy(access.kube, upstream, log);
  const base = config.server.replace(/^https/, "wss");
  const shared = {
    route: routeTo(config.server, trust.ca === undefined ? {} : { ca: trust.ca }, env),
    budget: new Budget(),
    signal,
  };
  const debug = (name: string, conn: Conn): void =>
    log("debug", `${name} session: stream ${conn.id} to ${conn.proto}/${conn.address}`);

  let { registered } = config;
  const main = new Connector("main", log);
  const openMain = (onOpen: () => void) =>
    runTunnel({
      ...shared,
      url: `${base}/v3/connect${registered ? "" : "/register"}`,
      headers: {
        "X-API-Tunnel-Token": config.token,
        "X-API-Tunnel-Params": tunnelParams(access),
      },
      authorize: mayDial,
      onConnect(conn) {
        debug("main", conn);
        dial(conn);
      },
      onOpen() {
        registered = true;
        onOpen();
      },
    });

  const steve = new Connector("steve", log);
  const openSteve = (onOpen: () => void) =>
    runTunnel({
      ...shared,
      url: `${base}/v3/connect`,
      headers: { Authorization: `Bearer stv-cluster-${config.token}` },
      // The address is ignored, as Rancher's agent ignores it: there is nothing else to reach here.
      onConnect(conn) {
        debug("steve", conn);
        proxy.emit("connection", new ConnStream(conn));
      },
      onOpen,
    });

  const credentials = env["CATTLE_CREDENTIAL_NAME"] ?? "";
  if (credentials !== "")
    keepDeletingOldCredentials(kubeClient(access.kube, upstream), credentials, log, signal);
  const watchdog = setInterval(() => {
    const downMs = Math.max(main.downMs, steve.downMs);
    if (config.watchdogMs === 0 || downMs < config.watchdogMs) return;
    log("error", `a session has been down for ${Math.round(downMs / 1000)} s: exiting to be started afresh`);
    onWatchdog();
  }, watchdogEveryMs);
  await Promise.all([main.run(openMain, signal), steve.run(openSteve, signal)]);
  clearInterval(watchdog);
  upstream.destroy();
}

/** The header that tells the server how to reach the apiserver over the main session (tunnel.md 2.3). */
export function tunnelParams({ kube, accountToken }: Access): string {
  const host = kube.host.includes(":") ? `[${kube.host}]` : kube.host;
  const cluster = {
    address: `${host}:${kube.port}`,
    caCert: Buffer.from(kube.ca).toString("base64"),
    token: accountToken,
  };
  return Buffer.from(JSON.stringify({ cluster })).toString("base64");
}
