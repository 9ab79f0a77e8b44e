/** kubectl commands that go on until they are stopped. */
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import process from "node:process";

export interface Running {
  /** What it printed so far. */
  readonly output: () => string;
  readonly ended: () => boolean;
  readonly stop: () => void;
}

/** `program`: a kubectl. Its home is where the kubeconfig is. */
export function watching(
  program: string,
  kubeconfig: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], HOME: dirname(kubeconfig), KUBECONFIG: kubeconfig, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { output: () => output, ended: () => child.exitCode !== null, stop: () => void child.kill() };
}
