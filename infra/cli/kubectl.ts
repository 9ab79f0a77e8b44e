/** The user's kubectl, as a program. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Which cluster it is asked about: what kubectl itself takes where these say nothing. */
export interface KubectlTarget {
  readonly kubeconfig?: string;
  readonly context?: string;
}

export interface KubectlInput {
  readonly input?: string;
  /** What it prints is shown instead of returned. */
  readonly shown?: true;
}

/** Standard output. Rejects with what kubectl said when it fails, or when there is none. */
export async function kubectl(
  { kubeconfig, context }: KubectlTarget,
  args: readonly string[],
  { input = "", shown }: KubectlInput = {},
): Promise<string> {
  const target = [
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
  const out = shown ? "inherit" : "pipe";
  const child = spawn("kubectl", [...target, ...args], { stdio: ["pipe", out, out] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  // kubectl may end before it has read everything; its exit code says why.
  child.stdin?.on("error", () => undefined).end(input);
  const [code] = (await once(child, "close").catch((error: unknown) => {
    throw new Error(`cannot run kubectl: ${error instanceof Error ? error.message : String(error)}`);
  })) as [number | null];
  if (code === 0) return output.stdout;
  const [verb = ""] = args;
  const said = output.stderr.trim().replaceAll(/\s*\n\s*/g, " ");
  throw new Error(`kubectl ${verb} ended with code ${code ?? "none"}${said === "" ? "" : `: ${said}`}`);
}
