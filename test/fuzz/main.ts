/**
 * `npm run fuzz`: schemathesis makes valid and invalid requests for every operation that Drover's OpenAPI documents name,
 * against a Drover of its own. No answer may be a 5xx, and what its schema calls invalid must be refused.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { call, callJson } from "../../infra/cli/client.ts";
import type { Connection } from "../../infra/cli/client.ts";
import { loginAs, removeDataDir, startDrover } from "../e2e/drover.ts";
import { documentFor } from "./document.ts";
import type { OpenApi } from "./document.ts";
import { ensureSchemathesis, runSchemathesis } from "./schemathesis.ts";

const HELP = `Usage: npm run fuzz -- [options]

  --only <text>      only group versions whose path contains it: apis/fleet
  --examples <n>     requests of each operation and phase, at most (default: 30)
  --seed <n>         repeats a run (default: random; printed)
  --report <dir>     keeps schemathesis' JUnit reports and Drover's log there
  --help             this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      examples: { type: "string", default: "30" },
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

  const program = await ensureSchemathesis((line) => console.error(line));
  const password = "fuzzing passphrase";
  const drover = await startDrover({ args: ["--bootstrap-password", password] });
  cleanup.defer(async () => {
    await drover.stop();
    writeFileSync(join(report, "drover.log"), drover.output());
    removeDataDir(drover.dataDir);
  });
  const admin = await loginAs(drover, "admin", password);
  const failed: string[] = [];
  console.log(`seed ${values.seed}`);
  for (const path of (await groupVersions(admin)).filter((each) => each.includes(values.only))) {
    const document = join(dir, `${path.replaceAll("/", "-")}.json`);
    const answer = await call(admin, "GET", `/k8s/clusters/local/openapi/v3/${path}`);
    writeFileSync(document, JSON.stringify(documentFor(JSON.parse(answer.text) as OpenApi)));
    console.log(`\n=== ${path}`);
    const passed = await runSchemathesis(program, {
      document,
      url: `${drover.url}/k8s/clusters/local`,
      caPath: drover.caPath,
      token: admin.token,
      examples: Number(values.examples),
      seed: Number(values.seed),
      junit: join(report, `${path.replaceAll("/", "-")}.xml`),
    });
    if (!passed) failed.push(path);
    // What a run deletes must not be what the next one needs.
    await callJson(admin, "GET", "/v3/users?me=true");
  }
  console.log(failed.length === 0 ? "\nnothing found" : `\nfound something in: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
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

process.exitCode = await main();
