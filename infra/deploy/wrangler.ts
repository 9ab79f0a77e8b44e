/**
 * Calls to wrangler. Secrets go in on standard input. Only `hyperdrive create` takes its connection string as an argument: it
 * offers no other way (4.164.0), so other users of this machine can see the password in the process list meanwhile. Where that
 * matters, make the configuration elsewhere and give `--hyperdrive-id`.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { Existing } from "./plan.ts";

const root = join(import.meta.dirname, "../..");

export interface WranglerResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export function wrangler(args: readonly string[], input?: string): WranglerResult {
  const run = spawnSync(process.execPath, [join(root, "node_modules/wrangler/bin/wrangler.js"), ...args], {
    cwd: root,
    encoding: "utf8",
    ...(input === undefined ? {} : { input }),
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  return { ok: run.status === 0, stdout: run.stdout, stderr: run.stderr };
}

export const HYPERDRIVE_NAME = "drover-db";

/** What the account holds. A question that wrangler cannot answer (no login, no network) is an error, not "nothing". */
export function readExisting(): Existing {
  const account = wrangler(["whoami"]);
  if (!account.ok || account.stdout.includes("not authenticated")) {
    throw new Error("wrangler is not logged in: run `npx wrangler login` or set CLOUDFLARE_API_TOKEN");
  }
  const list = wrangler(["hyperdrive", "list"]);
  if (!list.ok) throw new Error(`wrangler hyperdrive list failed: ${list.stderr.trim()}`);
  const line = list.stdout.split("\n").find((text) => text.includes(HYPERDRIVE_NAME));
  const hyperdriveId = line === undefined ? undefined : /\b[0-9a-f]{32}\b/.exec(line)?.[0];
  const api = exists("drover-api");
  return {
    api,
    durable: exists("drover-durable"),
    secrets: api ? secretNames() : [],
    ...(hyperdriveId === undefined ? {} : { hyperdriveId }),
  };
}

function exists(script: string): boolean {
  const deployments = wrangler(["deployments", "list", "--name", script, "--json"]);
  if (deployments.ok) return true;
  // 10007: this Worker does not exist on your account.
  if (/10007|does not exist/.test(deployments.stderr + deployments.stdout)) return false;
  throw new Error(`wrangler deployments list --name ${script} failed: ${deployments.stderr.trim()}`);
}

function secretNames(): string[] {
  const list = wrangler(["secret", "list", "--name", "drover-api", "--format", "json"]);
  if (!list.ok) throw new Error(`wrangler secret list failed: ${list.stderr.trim()}`);
  const parsed = JSON.parse(list.stdout) as { name: string }[];
  return parsed.map((secret) => secret.name);
}
