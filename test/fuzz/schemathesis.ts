/** The fuzzer: schemathesis from PyPI, in an environment of its own in the cache. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir } from "../testbed/go.ts";
import type { OnProgress } from "../testbed/go.ts";

const VERSION = "4.32.5";

export interface FuzzRun {
  /** File with the OpenAPI document. */
  readonly document: string;
  readonly url: string;
  readonly caPath: string;
  readonly token: string;
  /** At most so many requests of an operation and phase. */
  readonly examples: number;
  readonly seed: number;
  /** Where the report goes. */
  readonly junit: string;
}

/** Path of the program; installs it when it is not there. Needs Python 3.10 or newer with venv. */
export async function ensureSchemathesis(onProgress: OnProgress): Promise<string> {
  const dir = join(cacheDir, `schemathesis-${VERSION}`);
  const program = join(dir, "bin/schemathesis");
  if (existsSync(join(dir, "complete"))) return program;
  onProgress(`installing schemathesis ${VERSION} into ${dir}`);
  rmSync(dir, { recursive: true, force: true });
  // Its scripts name its path: it cannot be made elsewhere and moved.
  await run("python3", ["-m", "venv", dir]);
  await run(join(dir, "bin/pip"), ["install", "--quiet", `schemathesis==${VERSION}`]);
  mkdirSync(join(dir, "complete.new"));
  renameSync(join(dir, "complete.new"), join(dir, "complete"));
  return program;
}

export interface FuzzResult {
  readonly passed: boolean;
  /** What it printed. */
  readonly output: string;
}

/** Rejects when it could not run. */
export async function runSchemathesis(program: string, run: FuzzRun): Promise<FuzzResult> {
  const args = [
    "run",
    run.document,
    `--url=${run.url}`,
    `--tls-verify=${run.caPath}`,
    `--header=Authorization: Bearer ${run.token}`,
    "--checks=not_a_server_error,negative_data_rejection,status_code_conformance,content_type_conformance",
    "--phases=examples,coverage,fuzzing",
    "--continue-on-failure",
    "--suppress-health-check=all",
    "--request-timeout=30",
    "--warnings=off",
    `--max-examples=${run.examples}`,
    `--seed=${run.seed}`,
    "--no-color",
    `--report-junit-path=${run.junit}`,
  ];
  // What it remembers of failures it leaves in its working directory.
  let output = "";
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], cwd: dirname(run.document) });
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const code = await ended(child);
  // 1 is a finding; anything else means that it did not run.
  if (code !== 0 && code !== 1) throw new Error(`schemathesis ended with code ${code}:\n${output}`);
  return { passed: code === 0, output };
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const code = await ended(spawn(command, args, { stdio: "inherit", cwd: cacheDir }));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${code}`);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
}
