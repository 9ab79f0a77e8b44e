/** The opponent: a Go remotedialer server with a reverse proxy over it, and its client in a second process (testbed.md 5). */
import { freePort } from "../../e2e/free-port.ts";
import { buildPeer, startPeer } from "../../peers/peers.ts";
import type { Target } from "../measure.ts";

/** `caPath`: where the server's certificate goes; absent: no TLS, neither for users nor for the agent. */
export async function startGoPair(
  cleanup: AsyncDisposableStack,
  name: string,
  caPath?: string,
): Promise<(path: string) => Target> {
  const binary = buildPeer("v0.6.1");
  const backend = `127.0.0.1:${await freePort()}`;
  const tls = caPath === undefined ? ["-plain"] : ["-ca-out", caPath];
  const server = startPeer(binary, ["server", ...tls, "-dial", backend, "stv-cluster-bench"]);
  cleanup.defer(() => server.stop());
  const address = String((await server.next("ready"))["address"]);
  const client = startPeer(binary, [
    "client",
    "-url",
    `${caPath === undefined ? "ws" : "wss"}://${address}/v3/connect`,
    ...(caPath === undefined ? [] : ["-ca", caPath]),
    "-token",
    "bench",
    "-listen",
    backend,
  ]);
  cleanup.defer(() => client.stop());
  await client.next("connected");
  return (path) => ({
    name,
    url: `${caPath === undefined ? "http" : "https"}://${address}/via/stv-cluster-bench${path}`,
    ...(caPath === undefined ? {} : { ca: caPath }),
    pids: [server.process.pid ?? 0],
  });
}
