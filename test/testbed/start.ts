/**
 * A real Kubernetes control plane for tests: etcd, kube-apiserver, kube-controller-manager and kube-scheduler as
 * processes on loopback, with kwok playing the kubelets. Any number may run side by side.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { adminApi } from "./api.ts";
import type { Api } from "./api.ts";
import { ensureBinaries } from "./build.ts";
import { files, writeControlPlane } from "./components.ts";
import type { ControlPlane } from "./components.ts";
import { cacheDir } from "./go.ts";
import type { OnProgress } from "./go.ts";
import { runKubectl } from "./kubectl.ts";
import type { KubectlOptions, KubectlResult } from "./kubectl.ts";
import { tryLock } from "./lock.ts";
import type { Lock } from "./lock.ts";
import { freePorts } from "./ports.ts";
import { Processes, until } from "./processes.ts";

const START_MS = 60_000;
const POD_MS = 30_000;
const POD_LOG_EVERY_MS = 1_000;

export interface TestbedOptions {
  /** Gives the test bed a directory of its own in the cache that stays after `stop`; only one of a name runs. */
  readonly name?: string;
  /** Instead of the cache's directory. Must be absent, empty, or left by an earlier test bed. */
  readonly dir?: string;
  readonly onProgress?: OnProgress;
  /** Further arguments of kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
}

export interface Testbed {
  readonly name: string;
  /** Logs of the components (`<component>.log`) and all else. */
  readonly dir: string;
  /** Path of the kubeconfig of an admin with a client certificate (group system:masters). */
  readonly kubeconfig: string;
  /** Path of the kubectl built with the control plane. */
  readonly kubectl: string;
  /** `https://127.0.0.1:<port>`. */
  readonly server: string;
  readonly caPem: string;
  /** Path: one JSON object a line (audit.k8s.io/v1 Event, level Metadata), each written before its answer is sent. */
  readonly auditLog: string;
  /** Working and home directory of `kubectl exec` commands, the same for all pods; they run as this user. */
  readonly execDir: string;
  /** Process ids by component: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kwok. */
  readonly pids: Readonly<Record<string, number>>;
  /** Aborts when a component dies by itself; the reason is an Error that quotes the end of its log. */
  readonly failure: AbortSignal;
  readonly kubectlRun: (args: readonly string[], options?: KubectlOptions) => Promise<KubectlResult>;
  /** Adds a node and waits until pods can be scheduled there. `node-0` exists from the start. */
  readonly createNode: (name: string) => Promise<void>;
  /** Creates a pod with one container of its name and waits until it runs and is ready. */
  readonly createPod: (name: string, namespace?: string) => Promise<void>;
  /** Adds a line to the log that every container has; it also gets a line `tick <n>` every second. */
  readonly appendPodLog: (line: string) => void;
  /** Ends all processes. May be called more than once. */
  readonly stop: () => Promise<void>;
}

/** Builds what is missing, starts, and resolves when the cluster is ready for pods: in seconds, once built. */
export async function startTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const { onProgress = () => {}, apiServerArgs = [] } = options;
  const name = options.name ?? "test";
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Error(`test bed name "${name}": up to 40 lower-case letters, digits and inner hyphens`);
  }
  const binaries = await ensureBinaries({ onProgress });
  const temporary = options.name === undefined && options.dir === undefined;
  const dir = temporary
    ? mkdtempSync(join(tmpdir(), "drover-testbed-"))
    : resolve(options.dir ?? join(cacheDir, "run", name));
  const lock = await lockAndClear(dir, name);
  try {
    return await start({ name, dir, temporary, lock, binaries, onProgress, apiServerArgs });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Start {
  readonly name: string;
  readonly dir: string;
  readonly temporary: boolean;
  readonly lock: Lock;
  readonly binaries: Awaited<ReturnType<typeof ensureBinaries>>;
  readonly onProgress: OnProgress;
  readonly apiServerArgs: readonly string[];
}

async function start({
  name,
  dir,
  temporary,
  lock,
  binaries,
  onProgress,
  apiServerArgs,
}: Start): Promise<Testbed> {
  const [etcd = 0, etcdPeer = 0, apiserver = 0, controllerManager = 0, scheduler = 0, kwok = 0, kubelet = 0] =
    await freePorts(7);
  const ports = { etcd, etcdPeer, apiserver, controllerManager, scheduler, kwok, kubelet };
  const pong = await listen();
  let plane: ControlPlane;
  try {
    const written = writeControlPlane(dir, name, binaries, { ...ports, forwarded: portOf(pong) });
    const { apiserver } = written;
    plane = { ...written, apiserver: { ...apiserver, args: [...apiserver.args, ...apiServerArgs] } };
  } catch (error) {
    pong.close();
    throw error;
  }
  const server = `https://127.0.0.1:${apiserver}`;
  const api = adminApi(server, plane.caPem, plane.admin);
  const kubeletApi = adminApi(`https://127.0.0.1:${kubelet}`, plane.caPem, plane.admin);
  const processes = new Processes(dir);
  const podLog = startPodLog(join(dir, files.podLog), name);

  const end = async (): Promise<void> => {
    await processes.stop(plane.others.map((other) => other.name));
    // In this order: an API server whose etcd is gone does not end.
    await processes.stop([plane.apiserver.name]);
    await processes.stop([plane.etcd.name]);
    processes.close();
    podLog.stop();
    pong.closeAllConnections();
    pong.close();
    lock.release();
  };
  const stop = async (): Promise<void> => {
    await end();
    rmSync(temporary ? dir : join(dir, "etcd"), { recursive: true, force: true });
  };
  let stopping: Promise<void> | undefined;

  try {
    await boot(plane, processes, api, kubeletApi, onProgress);
  } catch (error) {
    await end();
    throw new Error(`the test bed does not start, see the logs in ${dir}: ${String(error)}`, {
      cause: error,
    });
  }
  return {
    name,
    dir,
    kubeconfig: join(dir, files.kubeconfig),
    kubectl: binaries.kubectl,
    server,
    caPem: plane.caPem,
    auditLog: join(dir, files.audit),
    execDir: join(dir, files.exec),
    get pids() {
      return processes.pids;
    },
    failure: processes.failure,
    kubectlRun: (args, run = {}) =>
      runKubectl(
        { kubectl: binaries.kubectl, kubeconfig: run.kubeconfig ?? join(dir, files.kubeconfig), home: dir },
        args,
        run,
      ),
    createNode: (node) => createNode(api, processes.failure, node),
    createPod: (pod, namespace = "default") => createPod(api, processes.failure, namespace, pod),
    appendPodLog: podLog.append,
    stop: () => (stopping ??= stop()),
  };
}

async function boot(
  plane: ControlPlane,
  processes: Processes,
  api: Api,
  kubelet: Api,
  onProgress: OnProgress,
): Promise<void> {
  const start = ({ name, command, args }: ControlPlane["etcd"]): void => processes.start(name, command, args);
  const began = Date.now();
  onProgress("starting etcd and kube-apiserver");
  start(plane.etcd);
  start(plane.apiserver);
  const wait = (what: string, from: Api, path: string): Promise<void> =>
    until(what, START_MS, processes.failure, async () => (await from("GET", path)).status === 200);
  await wait("kube-apiserver is ready", api, "/readyz");
  onProgress("starting the controllers, the scheduler and kwok");
  for (const other of plane.others) start(other);
  await createNode(api, processes.failure, "node-0");
  // kwok answers behind the kubelet: exec and logs work from then on.
  await wait("kubelet and kwok answer", kubelet, "/healthz");
  await wait("service account default exists", api, "/api/v1/namespaces/default/serviceaccounts/default");
  onProgress(`ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

async function createNode(api: Api, failure: AbortSignal, name: string): Promise<void> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const resources = { cpu: "64", memory: "256Gi", pods: "1000", "ephemeral-storage": "1Ti" };
  const created = await api("POST", "/api/v1/nodes", {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
      },
    },
    status: {
      capacity: resources,
      allocatable: resources,
      nodeInfo: { kubeletVersion: "kwok", operatingSystem: "linux", architecture },
    },
  });
  if (created.status !== 201) throw new Error(`node ${name}: ${created.text}`);
  await until(`node ${name} takes pods`, START_MS, failure, async () => {
    const node = JSON.parse((await api("GET", `/api/v1/nodes/${name}`)).text) as NodeView;
    return isTrue(node.status.conditions, "Ready") && (node.spec.taints ?? []).length === 0;
  });
}

async function createPod(api: Api, failure: AbortSignal, namespace: string, name: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const created = await api("POST", pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: { containers: [{ name, image: "image-that-nobody-pulls" }] },
  });
  if (created.status !== 201) throw new Error(`pod ${namespace}/${name}: ${created.text}`);
  await until(`pod ${namespace}/${name} is ready`, POD_MS, failure, async () =>
    isTrue((JSON.parse((await api("GET", `${pods}/${name}`)).text) as NodeView).status.conditions, "Ready"),
  );
}

interface NodeView {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: { readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
}

/** Makes the directory ours alone and empty. Never empties one that no test bed has filled. */
async function lockAndClear(dir: string, name: string): Promise<Lock> {
  const lock = await tryLock(dir);
  if (lock === undefined) throw new Error(`test bed ${name} is running already (${dir})`);
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(join(dir, files.podLog))) {
    lock.release();
    throw new Error(`${dir} is not empty and not of a test bed`);
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, files.exec), { recursive: true, mode: 0o700 });
  return lock;
}

/** What `kubectl port-forward` reaches on any port of any pod: answers `pong <path>`. */
async function listen(): Promise<Server> {
  const server = createServer((request, response) => response.end(`pong ${request.url ?? ""}`));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/**
 * The log of every container, in the form a container runtime writes. It ticks, so that `kubectl attach`, which
 * replays nothing, shows something.
 */
function startPodLog(path: string, name: string): { append: (line: string) => void; stop: () => void } {
  const append = (line: string): void =>
    appendFileSync(path, `${new Date().toISOString().replace("Z", "000000Z")} stdout F ${line}\n`);
  writeFileSync(path, "");
  append(`hello from test bed ${name}`);
  let ticks = 0;
  const timer = setInterval(() => append(`tick ${(ticks += 1)}`), POD_LOG_EVERY_MS);
  return { append, stop: () => clearInterval(timer) };
}
