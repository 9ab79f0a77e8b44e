/**
 * `npm run fuzz [-- openapi]`: schemathesis makes valid and invalid requests for every operation that Drover's OpenAPI documents name,
 * against a Drover of its own for each group version. No answer may be a 5xx or one that the document does not know, and what its schema calls
 * invalid must be refused.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { call, callJson } from "../../infra/cli/client.ts";
import type { Connection } from "../../infra/cli/client.ts";
import { loginAs, removeDataDir, startDrover } from "../e2e/drover.ts";
import type { Drover } from "../e2e/drover.ts";
import { documentFor, unexpectedMethods } from "./document.ts";
import type { OpenApi } from "./document.ts";
import { ensureSchemathesis, runSchemathesis } from "./schemathesis.ts";

const HELP = `Usage: npm run fuzz -- [openapi] [options] [group ...]
       npm run fuzz -- tunnel --help

  group              only these: core, fleet.cattle.io or, for short, fleet; all by default
  --examples <n>     requests of each operation in the phase of random ones, at most (default: 10)
  --seed <n>         repeats a run (default: random; printed)
  --report <dir>     keeps what schemathesis printed, its JUnit reports and Drover's log there
  --help             this text

One line a group version; what was found is printed in full. Ends with code 1 if anything was.
`;

const password = "fuzzing passphrase";

export async function fuzzOpenApi(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      examples: { type: "string", default: "10" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      report: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  await using cleanup = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), "drover-fuzz-"));
  cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
  const report = resolve(values.report ?? dir);
  mkdirSync(report, { recursive: true });

  // Schemathesis reads its settings in its working directory.
  const methods = unexpectedMethods.map((method) => JSON.stringify(method)).join(", ");
  writeFileSync(join(dir, "schemathesis.toml"), `[phases.coverage]\nunexpected-methods = [${methods}]\n`);
  const program = await ensureSchemathesis((line) => console.error(line));
  const install = async (): Promise<Installed> => {
    const drover = await startDrover({ args: ["--bootstrap-password", password] });
    const stop = async (): Promise<void> => {
      stopRunning = undefined;
      await drover.stop();
      appendFileSync(join(report, "drover.log"), drover.output());
      removeDataDir(drover.dataDir);
    };
    stopRunning = stop;
    return { drover, admin: await loginAs(drover, "admin", password), [Symbol.asyncDispose]: stop };
  };
  // Drover is in a process group of its own: Ctrl-C does not reach it.
  let stopRunning: (() => Promise<void>) | undefined;
  process.once("SIGINT", () => {
    void (async () => {
      await stopRunning?.();
      await cleanup.disposeAsync();
      process.exit(130);
    })();
  });
  const all = await listGroupVersions(install);
  const chosen = all.filter(
    (path) => positionals.length === 0 || positionals.some((name) => isOf(path, name)),
  );
  if (chosen.length === 0) throw new Error(`no group of that name: ${all.map(groupOf).join(", ")}`);
  console.log(`seed ${values.seed}, ${chosen.length} group versions`);
  const failed: string[] = [];
  const began = Date.now();
  for (const path of chosen) {
    // A Drover of its own: a run deletes what it meets, the password of its user too, and repeats alone what it did among all.
    await using installed = await install();
    const { drover, admin } = installed;
    const name = path.replaceAll("/", "-");
    const document = join(dir, `${name}.json`);
    const answer = await call(admin, "GET", `/k8s/clusters/local/openapi/v3/${path}`);
    writeFileSync(document, JSON.stringify(documentFor(JSON.parse(answer.text) as OpenApi)));
    const startedAt = Date.now();
    const { passed, output } = await runSchemathesis(program, {
      document,
      url: `${drover.url}/k8s/clusters/local`,
      caPath: drover.caPath,
      token: admin.token,
      examples: Number(values.examples),
      seed: Number(values.seed),
      junit: join(report, `${name}.xml`),
    });
    writeFileSync(join(report, `${name}.txt`), output);
    const operations = /Tested:\s+(\d+)/.exec(output)?.[1] ?? "?";
    const cases = /Test cases:\s+(\d+) generated/.exec(output)?.[1] ?? "?";
    const alive = await isAlive(admin);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.log(
      `${passed && alive ? "ok   " : "FOUND"} ${path}: ${operations} operations, ${cases} requests, ${seconds} s`,
    );
    if (!passed) console.log(/={3,} FAILURES[^]*?(?=={3,} SUMMARY)/.exec(output)?.[0] ?? output);
    if (!alive) console.log("the fuzzer has taken its own rights away: nothing after that was tested");
    if (!passed || !alive) failed.push(path);
  }
  const minutes = ((Date.now() - began) / 60_000).toFixed(1);
  const found = failed.length === 0 ? "nothing found" : `found something in ${failed.join(", ")}`;
  console.log(`${found}; ${chosen.length} group versions in ${minutes} min`);
  return failed.length === 0 ? 0 : 1;
}

async function isAlive(admin: Connection): Promise<boolean> {
  const { status } = await call(admin, "GET", "/v3/users?me=true");
  return status === 200;
}

interface Installed extends AsyncDisposable {
  readonly drover: Drover;
  readonly admin: Awaited<ReturnType<typeof loginAs>>;
}

async function listGroupVersions(install: () => Promise<Installed>): Promise<string[]> {
  await using installed = await install();
  return await groupVersions(installed.admin);
}

/** `api/v1`, `apis/apps/v1`: those with operations. */
async function groupVersions(admin: Connection): Promise<string[]> {
  const { paths } = await callJson<{ paths: Record<string, unknown> }>(
    admin,
    "GET",
    "/k8s/clusters/local/openapi/v3",
  );
  return Object.keys(paths).filter((path) => /^(?:api|apis\/[^/]+)\/[^/]+$/.test(path));
}

function groupOf(path: string): string {
  return /^apis\/([^/]+)/.exec(path)?.[1] ?? "core";
}

function isOf(path: string, name: string): boolean {
  return `${groupOf(path)}.`.startsWith(`${name}.`) || path === name;
}
