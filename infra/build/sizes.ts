/**
 * Part of `npm run check`: bundles both Worker scripts as wrangler would deploy them and fails when a script has
 * outgrown its budget. The limits are the issue's; the platform's own are larger (platform.md 2).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";

const root = join(import.meta.dirname, "../..");
const scripts = [
  { name: "drover-api", config: "wrangler.toml", maxGzipBytes: 1_000_000 },
  { name: "drover-durable", config: "durable/wrangler.toml", maxGzipBytes: 300_000 },
] as const;

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith(".map") && !path.endsWith(".md"));
}

let failed = false;
for (const script of scripts) {
  const outdir = mkdtempSync(join(tmpdir(), "drover-dry-run-"));
  try {
    const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
    const run = spawnSync(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", outdir, "--config", script.config],
      { cwd: root, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
    );
    if (run.status !== 0) {
      console.error(`${script.name}: wrangler deploy --dry-run failed\n${run.stdout}${run.stderr}`);
      failed = true;
      continue;
    }
    const bytes = filesIn(outdir).reduce((sum, path) => sum + gzipSync(readFileSync(path)).byteLength, 0);
    const verdict = bytes <= script.maxGzipBytes ? "ok" : "TOO LARGE";
    console.log(`${script.name}: ${bytes} bytes gzip of at most ${script.maxGzipBytes}: ${verdict}`);
    failed ||= bytes > script.maxGzipBytes;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
process.exitCode = failed ? 1 : 0;
