/** A test bed imported into a Drover, with the agent running as a process beside it (kwok runs no containers). */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Testbed } from "../testbed/start.ts";
import { call, callJson, cleanEnv, eventually, root } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";

export interface ImportedCluster {
  readonly id: string;
  readonly state: () => Promise<string>;
  readonly waitFor: (state: string, timeoutMs: number) => Promise<void>;
}

export interface Agent {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

interface ClusterView {
  id: string;
  state: string;
  transitioningMessage?: string;
}

export function clusterHandle(admin: Connection, id: string): ImportedCluster {
  const read = (): Promise<ClusterView> => callJson<ClusterView>(admin, "GET", `/v3/clusters/${id}`);
  return {
    id,
    state: async () => (await read()).state,
    async waitFor(state, timeoutMs) {
      await eventually(`cluster ${id} is ${state}`, timeoutMs, async () => {
        const view = await read();
        if (view.state === state) return true;
        throw new Error(`it is ${view.state}: ${view.transitioningMessage ?? ""}`);
      });
    },
  };
}

/** A kubeconfig of this cluster, written to `path`. */
export async function writeKubeconfig(admin: Connection, id: string, path: string): Promise<string> {
  const { config } = await callJson<{ config: string }>(
    admin,
    "POST",
    `/v3/clusters/${id}?action=generateKubeconfig`,
  );
  writeFileSync(path, config, { mode: 0o600 });
  return path;
}

/** Creates a cluster over HTTP and applies its manifest with the real kubectl. */
export async function importInto(
  admin: Connection,
  name: string,
  testbed: Testbed,
  spec: object = {},
): Promise<ImportedCluster> {
  const cluster = await callJson<ClusterView>(admin, "POST", "/v3/clusters", { ...spec, name });
  const tokens = await callJson<{ data: { manifestUrl: string }[] }>(
    admin,
    "GET",
    `/v3/clusterregistrationtokens?clusterId=${cluster.id}`,
  );
  const url = new URL(tokens.data[0]?.manifestUrl ?? "");
  const manifest = await call(admin, "GET", url.pathname);
  const applied = await testbed.kubectlRun(["apply", "-f", "-"], { input: manifest.text });
  if (applied.code !== 0) throw new Error(`kubectl apply failed: ${applied.stderr}`);
  return clusterHandle(admin, cluster.id);
}

interface DeploymentView {
  spec: {
    template: {
      spec: { containers: { env?: { name: string; value?: string }[] }[]; volumes?: VolumeView[] };
    };
  };
}

interface VolumeView {
  configMap?: { name: string };
  secret?: { secretName: string };
}

/** What the Deployment gives its container. */
export interface AgentPod {
  readonly env: Readonly<Record<string, string>>;
  /** Files under `/cattle-credentials`. */
  readonly credentials: Readonly<Record<string, string>>;
  /** The agent's file; `undefined` where the image brings its own agent. */
  readonly bundle: string | undefined;
}

export async function agentPod(testbed: Testbed): Promise<AgentPod> {
  const read = <T>(...args: string[]): Promise<T> =>
    kubectlJson<T>(testbed, ["-n", "cattle-system", "get", ...args]);
  const deployment = await read<DeploymentView>("deploy", "cattle-cluster-agent");
  const { containers, volumes = [] } = deployment.spec.template.spec;
  const configMap = volumes.find((volume) => volume.configMap !== undefined)?.configMap?.name;
  const secret = volumes.find((volume) => volume.secret !== undefined)?.secret?.secretName ?? "";
  const bundle =
    configMap === undefined
      ? undefined
      : (await read<{ data: Record<string, string> }>("configmap", configMap)).data;
  const { data } = await read<{ data: Record<string, string> }>("secret", secret);
  const env: Record<string, string> = {};
  for (const { name, value = "" } of containers[0]?.env ?? []) env[name] = value;
  return {
    env,
    credentials: Object.fromEntries(
      Object.entries(data).map(([name, value]) => [name, Buffer.from(value, "base64").toString("utf8")]),
    ),
    bundle: bundle === undefined ? undefined : Object.values(bundle)[0],
  };
}

/**
 * Runs what the Deployment would: the agent's file from the ConfigMap, with the Deployment's environment, the
 * credentials of the Secret, and the rights of service account cattle-system/cattle (a token of that account).
 */
export async function startAgent(
  testbed: Testbed,
  workDir: string,
  extraEnv: Record<string, string> = {},
): Promise<Agent> {
  const { env, credentials, bundle = "" } = await agentPod(testbed);
  mkdirSync(workDir, { recursive: true });
  const file = join(workDir, "agent.mjs");
  writeFileSync(file, bundle);
  const kubeconfig = await accountKubeconfig(testbed, workDir);
  const { url = "", token = "" } = credentials;
  const agent = spawn(
    process.execPath,
    [file, "--kubeconfig", kubeconfig, "--server", url, "--token", token],
    { cwd: workDir, stdio: ["ignore", "pipe", "pipe"], env: cleanEnv({ ...env, ...extraEnv }) },
  );
  let output = "";
  agent.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  agent.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<void>((resolve) => agent.on("close", () => resolve()));
  return {
    process: agent,
    output: () => output,
    async stop(signal = "SIGTERM") {
      agent.kill(signal);
      await exited;
    },
  };
}

/** A token of service account cattle-system/cattle, as kubelets mount it. */
export async function accountToken(testbed: Testbed): Promise<string> {
  const token = await testbed.kubectlRun([
    "-n",
    "cattle-system",
    "create",
    "token",
    "cattle",
    "--duration",
    "8h",
  ]);
  if (token.code !== 0) throw new Error(`kubectl create token failed: ${token.stderr}`);
  return token.stdout.trim();
}

async function accountKubeconfig(testbed: Testbed, workDir: string): Promise<string> {
  const token = await accountToken(testbed);
  const path = join(workDir, "account.kubeconfig");
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "a",
      contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
      clusters: [
        {
          name: "a",
          cluster: {
            server: testbed.server,
            "certificate-authority-data": Buffer.from(testbed.caPem).toString("base64"),
          },
        },
      ],
      users: [{ name: "a", user: { token } }],
    }),
    { mode: 0o600 },
  );
  return path;
}

async function kubectlJson<T>(testbed: Testbed, args: string[]): Promise<T> {
  const answer = await testbed.kubectlRun([...args, "-o", "json"]);
  if (answer.code !== 0) throw new Error(`kubectl ${args.join(" ")} failed: ${answer.stderr}`);
  return JSON.parse(answer.stdout) as T;
}

/** `npm run drover -- …` as a user types it, with its own home directory. */
export function cli(
  drover: Drover,
  home: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { code: number | null; stdout: string; stderr: string } {
  const run = spawnSync("npm", ["run", "drover", "--", ...args], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
    env: cleanEnv({
      HOME: home,
      XDG_CONFIG_HOME: join(home, ".config"),
      DROVER_DATA_DIR: drover.dataDir,
      ...env,
    }),
  });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}
