/** The servers that are compared: kube-apiserver on etcd and on kine with PostgreSQL, and Drover. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { callJson, loginAs, newDataDir, removeDataDir, startDrover } from "../../e2e/drover.ts";
import { writeKubeconfig } from "../../clientgo/kubeconfig.ts";
import { startApiServer } from "../../testbed/api-server.ts";
import type { ApiServerStore } from "../../testbed/api-server.ts";

export const targetNames = ["etcd", "etcd-fsync", "kine", "drover"] as const;
export type TargetName = (typeof targetNames)[number];

/** What each is, for the head of the table. */
export const descriptions: Readonly<Record<TargetName, string>> = {
  etcd: "kube-apiserver on etcd without fsync, as in the test bed: a crash of the machine may lose writes",
  "etcd-fsync": "kube-apiserver on etcd with fsync",
  kine: "kube-apiserver on kine on PostgreSQL with fsync",
  drover: "Drover's management store on PostgreSQL with fsync, through /k8s/clusters/local",
};

export interface Target {
  readonly name: TargetName;
  readonly kubeconfig: string;
  /** All server processes; their descendants count too. */
  readonly pids: readonly number[];
  /** Of its PostgreSQL, as a superuser. */
  readonly databaseUrl: string | undefined;
  readonly stop: () => Promise<void>;
}

const PASSWORD = "bench passphrase";

export async function startTarget(name: TargetName): Promise<Target> {
  return name === "drover" ? startDroverTarget() : startPeer(name);
}

async function startPeer(name: ApiServerStore): Promise<Target> {
  const server = await startApiServer({ store: name, onProgress: (line) => console.error(line) });
  return { ...server, name, pids: Object.values(server.pids) };
}

async function startDroverTarget(): Promise<Target> {
  console.error("starting Drover");
  const dataDir = newDataDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeDataDir(dataDir));
  const drover = await startDrover({
    dataDir,
    args: ["--bootstrap-password", PASSWORD, "--log-level", "warn"],
  });
  cleanup.defer(async () => {
    await drover.stop();
  });
  const admin = await loginAs(drover, "admin", PASSWORD);
  // A session token lives for hours; the run must not depend on the login itself.
  const { token } = await callJson<{ token: string }>(admin, "POST", "/v3/tokens", { description: "bench" });
  const kubeconfig = join(dataDir, "bench.kubeconfig");
  writeKubeconfig(kubeconfig, { server: `${drover.url}/k8s/clusters/local`, caPem: drover.ca, token });
  const running = cleanup.move();
  return {
    name: "drover",
    kubeconfig,
    pids: [drover.launcher.pid ?? 0],
    databaseUrl: embeddedDatabaseUrl(dataDir),
    stop: () => running.disposeAsync(),
  };
}

/** PostgreSQL itself, past Drover's pooler, which lets nobody change settings. */
function embeddedDatabaseUrl(dataDir: string): string {
  const password = readFileSync(join(dataDir, "postgres.password"), "utf8");
  // The fourth line of postmaster.pid is the port.
  const port = readFileSync(join(dataDir, "postgres", "postmaster.pid"), "utf8").split("\n")[3];
  return `postgres://drover:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
}
