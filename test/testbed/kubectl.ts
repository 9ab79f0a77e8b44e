/** Runs kubectl to its end and collects its output. */
import { spawn } from "node:child_process";
import process from "node:process";

export interface KubectlOptions {
  /** Standard input; without it there is none. */
  readonly input?: string | Uint8Array;
  /** 30 s unless said otherwise; then kubectl is killed and the call rejects. */
  readonly timeoutMs?: number;
  /** Instead of the test bed's own, which is the admin's. */
  readonly kubeconfig?: string;
  /** On top of PATH, HOME and KUBECONFIG, which are all there is. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `home` keeps kubectl's caches out of the user's home directory. */
export async function runKubectl(
  command: { readonly kubectl: string; readonly kubeconfig: string; readonly home: string },
  args: readonly string[],
  { input, timeoutMs = 30_000, env = {} }: KubectlOptions = {},
): Promise<KubectlResult> {
  const child = spawn(command.kubectl, args, {
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: command.home, KUBECONFIG: command.kubeconfig, ...env },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => (output[name] += chunk));
  }
  // kubectl may end before it has read everything.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const { promise, resolve, reject } = Promise.withResolvers<KubectlResult>();
  child.on("error", reject);
  child.on("close", (code, signal) => {
    if (code !== null) resolve({ code, ...output });
    else reject(new Error(`kubectl ${args.join(" ")}: ${signal} (limit ${timeoutMs} ms)\n${output.stderr}`));
  });
  return promise;
}
