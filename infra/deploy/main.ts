/** `npm run deploy`: both Worker scripts, Hyperdrive and secrets on Cloudflare. Safe to run again at any time. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { bootstrapSecrets } from "./bootstrap-password.ts";
import { writeConfig } from "./config.ts";
import { planDeploy } from "./plan.ts";
import type { DeployStep } from "./plan.ts";
import { HYPERDRIVE_NAME, readExisting, wrangler } from "./wrangler.ts";

const help = `Usage: npm run deploy -- --database-url URL [--hyperdrive-id ID] [--server-url URL] [--durable] [--dry-run]

  --database-url URL   the PostgreSQL to migrate and, the first time, to put behind Hyperdrive (or DROVER_DATABASE_URL)
  --hyperdrive-id ID   use this Hyperdrive configuration instead of "${HYPERDRIVE_NAME}" (query caching must be off)
  --server-url URL     the URL that agents and kubeconfigs use (or DROVER_SERVER_URL)
  --durable            deploy the Durable Objects too: this closes all agents' WebSockets; they come back in seconds
  --dry-run            print the steps and do nothing

docs/install-cloudflare.md has the whole story.
`;

interface Options {
  readonly databaseUrl: string;
  readonly serverUrl?: string;
}

let hyperdriveId = "";

function main(): void {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      "database-url": { type: "string" },
      "hyperdrive-id": { type: "string" },
      "server-url": { type: "string" },
      durable: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      help: { type: "boolean", default: false, short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const databaseUrl = values["database-url"] ?? process.env["DROVER_DATABASE_URL"];
  if (databaseUrl === undefined) throw new Error("--database-url is missing");
  const serverUrl = values["server-url"] ?? process.env["DROVER_SERVER_URL"];
  const existing = readExisting();
  hyperdriveId = values["hyperdrive-id"] ?? existing.hyperdriveId ?? "";
  const steps = planDeploy(hyperdriveId === "" ? existing : { ...existing, hyperdriveId }, {
    durable: values.durable,
  });
  for (const step of steps) {
    process.stdout.write(`- ${describeStep(step)}\n`);
    if (!values["dry-run"]) perform(step, { databaseUrl, ...(serverUrl === undefined ? {} : { serverUrl }) });
  }
}

function describeStep(step: DeployStep): string {
  switch (step.kind) {
    case "migrate":
      return "migrate the database";
    case "create-hyperdrive":
      return `create the Hyperdrive configuration ${HYPERDRIVE_NAME}, query caching off`;
    case "deploy-durable":
      return `deploy drover-durable${step.withApiBinding ? "" : " (without its binding to the API, which is not there yet)"}`;
    case "deploy-api":
      return "deploy drover-api";
    case "put-secret":
      return `set the secret ${step.name}`;
    default:
      return step satisfies never;
  }
}

function perform(step: DeployStep, options: Options): void {
  switch (step.kind) {
    case "migrate":
      return migrate(options.databaseUrl);
    case "create-hyperdrive": {
      const made = run([
        "hyperdrive",
        "create",
        HYPERDRIVE_NAME,
        "--connection-string",
        options.databaseUrl,
        "--caching-disabled",
      ]);
      hyperdriveId = /\b[0-9a-f]{32}\b/.exec(made)?.[0] ?? "";
      if (hyperdriveId === "")
        throw new Error(`cannot read the Hyperdrive id from wrangler's answer:\n${made}`);
      return;
    }
    case "deploy-durable":
      run([
        "deploy",
        "--config",
        writeConfig("durable", { ...options, hyperdriveId, withApiBinding: step.withApiBinding }),
      ]);
      return;
    case "deploy-api":
      run(["deploy", "--config", writeConfig("api", { ...options, hyperdriveId, withApiBinding: true })]);
      return;
    case "put-secret":
      return putSecret(step.name);
    default:
      step satisfies never;
  }
}

function migrate(databaseUrl: string): void {
  const result = spawnSync(process.execPath, [join(import.meta.dirname, "../migrate/main.ts")], {
    stdio: "inherit",
    env: { ...process.env, DROVER_DATABASE_URL: databaseUrl },
  });
  if (result.status !== 0) throw new Error("the migration failed; nothing was deployed");
}

function putSecret(name: "DROVER_KEYS" | "DROVER_BOOTSTRAP_PASSWORD"): void {
  const secrets =
    name === "DROVER_KEYS"
      ? { DROVER_KEYS: newKeys() }
      : bootstrapSecrets(process.env["DROVER_BOOTSTRAP_PASSWORD"], newPassword);
  run(["secret", "bulk", "--name", "drover-api"], JSON.stringify(secrets));
  if ("DROVER_KEYS" in secrets) {
    process.stdout.write(
      `  DROVER_KEYS=${secrets.DROVER_KEYS}\n  Keep a copy in a safe place: without it the stored credentials are lost.\n`,
    );
  }
}

function newKeys(): string {
  return JSON.stringify({ current: "k1", keys: { k1: randomBytes(32).toString("base64") } });
}

function newPassword(): string {
  const made = randomBytes(18).toString("base64url");
  process.stdout.write(`  first password of admin (must be changed at the first login): ${made}\n`);
  return made;
}

function run(args: readonly string[], input?: string): string {
  const result = wrangler(args, input);
  if (!result.ok)
    throw new Error(`wrangler ${args[0] ?? ""} ${args[1] ?? ""} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

try {
  main();
} catch (error) {
  process.stderr.write(`deploy: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
