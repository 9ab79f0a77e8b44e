/** Builds and runs Kubernetes' own specs (suite_test.go) against a server. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_FLAGS, buildOnce, cacheDir } from "../testbed/go.ts";
import type { OnProgress } from "../testbed/go.ts";

export interface SpecResult {
  readonly name: string;
  /** Ginkgo's word: `passed`, `failed`, `timedout`, `panicked`, …; `skipped` by the spec itself. */
  readonly state: string;
  /** Why it did not pass. */
  readonly message: string;
}

interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  readonly Failure?: { readonly Message: string };
}

/** Path of the test binary (5 minutes on 2 cores the first time). Throws `GoMissingError` when it has to build and cannot. */
export async function buildSuite(onProgress: OnProgress = () => {}): Promise<string> {
  const cwd = import.meta.dirname;
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "suite_test.go"])
    hash.update(name).update(readFileSync(join(cwd, name)));
  const dir = join(cacheDir, `conformance-${hash.digest("hex").slice(0, 16)}`);
  const build = {
    what: "Kubernetes' own tests (once per machine, 5 minutes on 2 cores)",
    cwd,
    args: ["test", ...BUILD_FLAGS, "-ldflags=-s -w", "-c", "."],
  };
  await buildOnce(dir, build, onProgress);
  return join(dir, "conformance.test");
}

/** The names of all conformance specs of sig-api-machinery. */
export async function apiMachinerySpecs(binary: string, dir: string): Promise<string[]> {
  const results = await run(binary, dir, [
    "--kubeconfig=/dev/null",
    "--ginkgo.dry-run",
    "--ginkgo.label-filter=Conformance",
    "--ginkgo.focus=\\[sig-api-machinery\\]",
  ]);
  return results.filter(({ state }) => state !== "skipped").map(({ name }) => name);
}

/** Runs the specs of these names, one after the other; what they print is in `<dir>/specs.log`. */
export async function runSpecs(
  binary: string,
  dir: string,
  kubeconfig: string,
  names: readonly string[],
): Promise<SpecResult[]> {
  const wanted = new Set(names);
  // Ginkgo matches expressions against names with their labels in between: any text may stand between two words.
  const focus = names.map((name) => name.split(" ").map(escaped).join("(?: \\[\\S+\\])* ")).join("|");
  const results = await run(binary, dir, [
    `--kubeconfig=${kubeconfig}`,
    `--ginkgo.focus=(?:${focus})(?: \\[\\S+\\])*$`,
  ]);
  return results.filter(({ name }) => wanted.has(name));
}

async function run(binary: string, dir: string, args: readonly string[]): Promise<SpecResult[]> {
  const report = join(dir, "specs.json");
  const log = createWriteStream(join(dir, "specs.log"));
  const common = ["--provider=skeleton", "--ginkgo.v", "--ginkgo.no-color", "--ginkgo.timeout=30m"];
  const child = spawn(binary, [...common, `--ginkgo.json-report=${report}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: dir,
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  log.end();
  const [suite] = JSON.parse(readFileSync(report, "utf8")) as { readonly SpecReports: SpecReport[] }[];
  return (suite?.SpecReports ?? [])
    .filter(({ LeafNodeType }) => LeafNodeType === "It")
    .map((spec) => ({
      name: nameOf(spec),
      state: spec.State,
      message: spec.Failure?.Message ?? "",
    }));
}

function nameOf({ ContainerHierarchyTexts, LeafNodeText }: SpecReport): string {
  const text = [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(" ");
  return text.replaceAll(/\[[\w:.-]+\] ?/g, "").trim();
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
