/** The agent of test/peers/agent.go in what would be its container: files and environment as the applied manifest says. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Testbed } from "../testbed/start.ts";
import { startPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";
import { accountToken, agentPod } from "./cluster.ts";

/** `root`: a directory that stands for the container's file system; a new container has an empty one. */
export async function startRancherAgent(
  binary: string,
  testbed: Testbed,
  root: string,
  extraEnv: Record<string, string> = {},
): Promise<Peer> {
  const { env, credentials } = await agentPod(testbed);
  const mount = (directory: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(root, directory), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, directory, name), text);
  };
  mount("cattle-credentials", credentials);
  mount("var/run/secrets/kubernetes.io/serviceaccount", {
    token: await accountToken(testbed),
    "ca.crt": testbed.caPem,
  });
  const { hostname, port } = new URL(testbed.server);
  return startPeer(binary, ["agent", "-root", root], {
    ...env,
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    ...extraEnv,
  });
}
