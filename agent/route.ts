/** How connections to the server are made: with the trusted CA, and through the proxy where one is set. */
import type { RequestOptions } from "node:https";
import { Duplex } from "node:stream";
import { connectThrough, proxyFor } from "./proxy-connect.ts";

/** Options for Node's `https` and for `ws`. */
export type Route = Pick<RequestOptions, "ca" | "rejectUnauthorized" | "createConnection">;

type Tls = Pick<RequestOptions, "ca" | "rejectUnauthorized">;
type Environment = Readonly<Record<string, string | undefined>>;

/** `server` is an https URL; without a `ca` in `tls` the system's trust store counts. */
export function routeTo(server: string, tls: Tls, env: Environment): Route {
  const url = new URL(server);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 443 : Number(url.port);
  const proxy = proxyFor(host, env);
  if (proxy === undefined) return tls;
  return {
    ...tls,
    createConnection(_options, onCreate) {
      connectThrough(proxy, host, port, tls).then(
        (socket) => onCreate(null, socket),
        (error: Error) => onCreate(error, new Duplex()),
      );
      return undefined;
    },
  };
}
