/** A whole Drover with one cluster, whose agent is the Go remotedialer in front of the Go backend. */
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "../e2e/drover.ts";
import { freePort } from "../e2e/free-port.ts";
import { newCluster } from "../e2e/scripted-agent.ts";
import { buildPeer, startPeer } from "../peers/peers.ts";
import type { Target } from "./measure.ts";

const password = "bench passphrase";

/** `target(path)`: a path of the backend, through Drover. */
export async function startDroverTarget(cleanup: AsyncDisposableStack): Promise<(path: string) => Target> {
  const backend = `127.0.0.1:${await freePort()}`;
  const drover = await startDrover({
    args: ["--bootstrap-password", password, "--log-level", "warn"],
    // One user as fast as he can: what is measured is not the limit.
    env: {
      DROVER_STEVE_ADDRESS: backend,
      CATTLE_CLUSTER_REQUESTS_PER_SECOND: "0",
      CATTLE_CLUSTER_REQUESTS_PER_SECOND_PER_USER: "0",
    },
  });
  cleanup.defer(async () => {
    await drover.stop();
    removeDataDir(drover.dataDir);
  });
  const admin = await loginAs(drover, "admin", password);
  const cluster = await newCluster(admin, "bench");
  const url = `wss://localhost:${drover.port}/v3/connect`;
  const agent = startPeer(buildPeer("v0.6.1"), [
    "client",
    "-url",
    url,
    "-ca",
    drover.caPath,
    "-token",
    cluster.token,
    "-listen",
    backend,
  ]);
  cleanup.defer(() => agent.stop());
  await agent.next("connected");
  const through = (path: string): string => `/k8s/clusters/${cluster.id}${path}`;
  await eventually("the tunnel answers", 10_000, async () =>
    (await call(admin, "GET", through("/api/small?bytes=1"))).status === 200 ? true : undefined,
  );
  // A session token lives for hours; the run must not depend on the login itself.
  const { token } = await callJson<{ token: string }>(admin, "POST", "/v3/tokens", { description: "bench" });
  return (path) => ({
    name: "Drover",
    url: drover.url + through(path),
    ca: drover.caPath,
    token,
    pids: [drover.launcher.pid ?? 0],
  });
}
