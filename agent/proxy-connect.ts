/** HTTPS_PROXY for connections to the server (tunnel.md 2.10): an HTTP CONNECT, then TLS over it as without a proxy. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP, isIPv6 } from "node:net";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";

type Environment = Readonly<Record<string, string | undefined>>;

const handshakeMs = 10_000;

/** The proxy for a host, or undefined: `HTTPS_PROXY`, unless `NO_PROXY` names the host, a parent domain, its network, or `*`. */
export function proxyFor(host: string, env: Environment): URL | undefined {
  const proxy = env["HTTPS_PROXY"] ?? env["https_proxy"];
  if (proxy === undefined || proxy === "") return undefined;
  const name = host.toLowerCase();
  const exceptions = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").toLowerCase().split(",");
  if (exceptions.some((entry) => covers(entry.trim(), name))) return undefined;
  return new URL(proxy.includes("://") ? proxy : `http://${proxy}`);
}

function covers(entry: string, host: string): boolean {
  const [network = "", prefix] = entry.split("/");
  const family = isIPv6(host) ? "ipv6" : "ipv4";
  if (prefix !== undefined) {
    if (isIP(network) === 0 || isIP(network) !== isIP(host) || !/^\d{1,3}$/.test(prefix)) return false;
    const list = new BlockList();
    list.addSubnet(network, Math.min(Number(prefix), family === "ipv6" ? 128 : 32), family);
    return list.check(host, family);
  }
  const domain = entry.replace(/^\*?\./, "");
  return entry === "*" || (domain !== "" && (host === domain || host.endsWith(`.${domain}`)));
}

/** Resolves with a TLS socket to `host:port` through the proxy; rejects when either does not answer as it should. */
export function connectThrough(
  proxy: URL,
  host: string,
  port: number,
  tls: ConnectionOptions,
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const outgoing = (proxy.protocol === "https:" ? httpsRequest : httpRequest)(proxy, {
    method: "CONNECT",
    path: target,
    agent: false,
    headers: {
      host: target,
      ...(proxy.username === ""
        ? {}
        : { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }),
    },
  });
  let connection: Socket | undefined;
  const fail = (error: Error): void => {
    reject(error);
    outgoing.destroy();
    connection?.destroy();
  };
  const timer = setTimeout(
    () => fail(new Error(`proxy ${proxy.host}: no connection to ${target} within ${handshakeMs / 1000} s`)),
    handshakeMs,
  );
  outgoing.on("connect", (answer, socket) => {
    connection = socket;
    if (answer.statusCode !== 200) {
      fail(new Error(`proxy ${proxy.host} answered ${answer.statusCode ?? 0} to CONNECT ${target}`));
      return;
    }
    // SNI must not be an address (RFC 6066 3); the certificate is checked against `host` either way.
    const secure = connect({ ...tls, socket, host, servername: isIP(host) === 0 ? host : "" });
    secure.once("secureConnect", () => resolve(secure));
    secure.on("error", fail);
  });
  outgoing.on("error", fail);
  outgoing.end();
  return promise.finally(() => clearTimeout(timer));
}
