/** The cluster agent: `node agent/main.ts` outside of a cluster, the bundled `agent.mjs` inside. See `--help`. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { reconnectDelay } from "../wire/backoff.ts";
import { ConfigError, readAgentConfig, usage } from "./config.ts";
import { createLog } from "./log.ts";
import { establishAccess, serve } from "./serve.ts";
import { establishTrust } from "./trust.ts";

const watchdogExitCode = 3;
/** A stopping agent that has not ended by then is ended. */
const stopMs = 5_000;

async function run(): Promise<void> {
  const { env } = process;
  const config = readAgentConfig(
    process.argv.slice(2),
    env,
    env["CATTLE_CREDENTIALS_DIR"] ?? "/cattle-credentials",
  );
  const log = createLog(config.logLevel);
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log("info", `${name}: stopping`);
      stopping.abort();
      setTimeout(() => process.exit(0), stopMs).unref();
    });
  }
  log("info", `connecting to ${config.server}`);

  /** What fails now may work in a moment, unless it is a setting. */
  async function persist<Result>(step: () => Promise<Result>): Promise<Result | undefined> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        const delay = reconnectDelay(attempt, Math.random);
        log("error", `${describe(error)}; next attempt in ${(delay / 1000).toFixed(1)} s`);
        await sleep(delay, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  const access = await persist(() => establishAccess(config, env));
  const trust = access && (await persist(() => establishTrust(config, env)));
  if (access === undefined || trust === undefined) return;
  log(
    "info",
    `trusting ${{ option: "the CA of --ca", published: "the published CA", system: "the system's CAs" }[trust.source]}`,
  );
  await serve(config, access, trust, env, log, stopping.signal, () => process.exit(watchdogExitCode));
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  process.stdout.write(usage);
} else {
  try {
    await run();
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      `drover-agent: ${error instanceof ConfigError ? error.message : describeFully(error)}\n`,
    );
    process.exit(1);
  }
}

function describeFully(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
