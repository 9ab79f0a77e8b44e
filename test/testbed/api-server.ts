/**
 * A kube-apiserver and its store, and nothing else: no controllers and no nodes, so that what is measured is the API
 * server. The store is etcd, or kine on a PostgreSQL of its own with Drover's settings.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preparePostgres, startPostgres } from "../../infra/postgres/embedded.ts";
import type { PostgresPart } from "../../infra/postgres/embedded.ts";
import { adminApi } from "./api.ts";
import { ensureBinaries, kineBinary } from "./build.ts";
import { files, writeControlPlane } from "./components.ts";
import type { Command, ControlPlane } from "./components.ts";
import type { OnProgress } from "./go.ts";
import { freePorts } from "./ports.ts";
import { Processes, until } from "./processes.ts";

const START_MS = 60_000;

/** `etcd` does not sync its log to the disk (as in the test bed), `etcd-fsync` and `kine` do. */
export type ApiServerStore = "etcd" | "etcd-fsync" | "kine";

export interface ApiServerOptions {
  readonly store: ApiServerStore;
  readonly onProgress?: OnProgress;
}

export interface ApiServer {
  readonly dir: string;
  /** Path of the kubeconfig of an admin. */
  readonly kubeconfig: string;
  /** Process ids: kube-apiserver, then etcd, or kine and postgres. */
  readonly pids: Readonly<Record<string, number>>;
  /** Of kine's PostgreSQL, as its superuser. */
  readonly databaseUrl: string | undefined;
  /** Aborts when a process dies by itself; the reason is an Error that quotes the end of its log. */
  readonly failure: AbortSignal;
  /** Ends all processes and removes the directory. */
  readonly stop: () => Promise<void>;
}

/** Builds what is missing, starts, and resolves when the server is ready. */
export async function startApiServer({ store, onProgress = () => {} }: ApiServerOptions): Promise<ApiServer> {
  const binaries = await ensureBinaries({ onProgress });
  const kine = store === "kine" ? await kineBinary({ onProgress }) : "";
  await using cleanup = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), "drover-api-server-"));
  cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, files.exec));

  const [etcd = 0, etcdPeer = 0, apiserver = 0, ...unused] = await freePorts(8);
  const [controllerManager = 0, scheduler = 0, kwok = 0, kubelet = 0, forwarded = 0] = unused;
  const ports = { etcd, etcdPeer, apiserver, controllerManager, scheduler, kwok, kubelet, forwarded };
  const plane = writeControlPlane(dir, store, binaries, ports);

  let postgres: PostgresPart | undefined;
  if (store === "kine") {
    // PostgreSQL runs as a user of its own, who must get through.
    chmodSync(dir, 0o711);
    postgres = await startPostgres(await preparePostgres(dir, () => undefined), () => undefined);
    const part = postgres;
    cleanup.defer(() => part.stop());
  }
  const processes = new Processes(dir);
  const storeCommand = commandOf(store, plane, kine, etcd, postgres?.url);
  const apiCommand = withoutAudit(plane.apiserver);
  cleanup.defer(async () => {
    // In this order: an API server whose store is gone does not end.
    await processes.stop([apiCommand.name]);
    await processes.stop([storeCommand.name]);
    processes.close();
  });

  onProgress(`starting kube-apiserver on ${store}`);
  const api = adminApi(`https://127.0.0.1:${apiserver}`, plane.caPem, plane.admin);
  const start = ({ name, command, args }: Command): void => processes.start(name, command, args);
  const ready = (): Promise<void> =>
    until(`kube-apiserver on ${store} is ready (logs: ${dir})`, START_MS, processes.failure, async () => {
      return (await api("GET", "/readyz")).status === 200;
    });
  start(storeCommand);
  start(apiCommand);
  await ready();
  const running = cleanup.move();
  return {
    dir,
    kubeconfig: join(dir, files.kubeconfig),
    get pids() {
      return { ...processes.pids, ...(postgres === undefined ? {} : { postgres: postgres.pid }) };
    },
    databaseUrl: postgres?.url,
    failure: processes.failure,
    stop: () => running.disposeAsync(),
  };
}

function commandOf(
  store: ApiServerStore,
  plane: ControlPlane,
  kine: string,
  port: number,
  databaseUrl: string | undefined,
): Command {
  switch (store) {
    case "etcd":
      return plane.etcd;
    case "etcd-fsync":
      return { ...plane.etcd, args: plane.etcd.args.filter((each) => each !== "--unsafe-no-fsync") };
    case "kine":
      return {
        name: "kine",
        command: kine,
        args: [
          `--listen-address=tcp://127.0.0.1:${port}`,
          `--endpoint=${databaseUrl}?sslmode=disable`,
          "--metrics-bind-address=0",
        ],
      };
    default:
      return store satisfies never;
  }
}

/** The test bed's log of every request, written before the answer is sent, would count against the API server. */
function withoutAudit(apiserver: Command): Command {
  return { ...apiserver, args: apiserver.args.filter((each) => !each.startsWith("--audit-")) };
}
