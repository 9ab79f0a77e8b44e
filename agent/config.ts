/** Where the agent's settings come from: options, then `/cattle-credentials`, then `CATTLE_*` (tunnel.md 2.10). */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

export interface AgentConfig {
  /** `https://host[:port]`, no trailing slash. */
  readonly server: string;
  /** The registration token. */
  readonly token: string;
  /** PEM that alone is trusted for the server, from `--ca`. */
  readonly ca?: string;
  /** Hex SHA-256 that the server's published CA must have; empty = none published. */
  readonly caChecksum: string;
  /** Refuse to start unless the server's certificate is signed by the published CA. */
  readonly strictVerify: boolean;
  /** Path of a kubeconfig; absent = in a cluster. */
  readonly kubeconfig?: string;
  /** Connect to `/v3/connect` from the start: the cluster is registered already. */
  readonly registered: boolean;
  /** Exit after so many milliseconds without a session, to be started afresh; 0 = never. */
  readonly watchdogMs: number;
  readonly logLevel: "debug" | "info" | "error";
}

export const usage = `Usage: npm run agent -- --kubeconfig FILE --server URL --token T [--ca FILE]

Connects a cluster to Drover from outside of it. The import manifest must have been applied there: the agent works as
its service account cattle-system/cattle. Inside a cluster no option is needed: /cattle-credentials and CATTLE_* say all.

  --kubeconfig FILE   the cluster to connect, with rights to read that account's token
  --server URL        Drover's URL (CATTLE_SERVER)
  --token T           the cluster's registration token (CATTLE_TOKEN)
  --ca FILE           PEM of the CA that signs Drover's certificate; without it the system's trust store

Also read: CATTLE_CA_CHECKSUM, STRICT_VERIFY, HTTPS_PROXY, NO_PROXY, CATTLE_DEBUG=true, CATTLE_AGENT_CONNECT=true,
CATTLE_CREDENTIALS_DIR (instead of /cattle-credentials), DROVER_AGENT_KUBECONFIG (instead of --kubeconfig),
DROVER_AGENT_WATCHDOG_SECONDS (exit with code 3 after so long without a session; 0 = never; 900 in a cluster, else 0).

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 a setting is wrong or the server's CA is not the expected one, 3 watchdog.
`;

/** A setting is missing or malformed; the message says which and how to give it. */
export class ConfigError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

export function readAgentConfig(
  argv: readonly string[],
  env: Environment,
  credentialsDir: string,
): AgentConfig {
  const values = options(argv);
  const server = values.server ?? credential(credentialsDir, "url") ?? env["CATTLE_SERVER"];
  const token = values.token ?? credential(credentialsDir, "token") ?? env["CATTLE_TOKEN"];
  const kubeconfig = values.kubeconfig ?? env["DROVER_AGENT_KUBECONFIG"];
  return {
    server: serverUrl(server),
    token: required(token, "--token or CATTLE_TOKEN"),
    caChecksum: env["CATTLE_CA_CHECKSUM"] ?? "",
    strictVerify: env["STRICT_VERIFY"] === "true",
    logLevel: env["CATTLE_TRACE"] === "true" || env["CATTLE_DEBUG"] === "true" ? "debug" : "info",
    registered: env["CATTLE_AGENT_CONNECT"] === "true",
    watchdogMs: 1000 * seconds(env["DROVER_AGENT_WATCHDOG_SECONDS"], kubeconfig === undefined ? 900 : 0),
    ...(values.ca === undefined ? {} : { ca: readOption("--ca", values.ca) }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  };
}

interface Options {
  readonly kubeconfig?: string;
  readonly server?: string;
  readonly token?: string;
  readonly ca?: string;
}

function options(argv: readonly string[]): Options {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args: [...argv], options: { kubeconfig: text, server: text, token: text, ca: text } })
      .values;
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}; see --help`);
  }
}

function readOption(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function seconds(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === "") return otherwise;
  if (!/^\d{1,6}$/.test(text))
    throw new ConfigError(`DROVER_AGENT_WATCHDOG_SECONDS must be a number, not ${text}`);
  return Number(text);
}

/** Files of the mounted Secret are read raw: the manifest writes them without a newline. */
function credential(dir: string, name: string): string | undefined {
  const path = join(dir, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function required(value: string | undefined, how: string): string {
  if (value === undefined || value === "") throw new ConfigError(`missing ${how}`);
  return value;
}

function serverUrl(value: string | undefined): string {
  const text = required(value, "--server or CATTLE_SERVER");
  if (!URL.canParse(text) || new URL(text).protocol !== "https:") {
    throw new ConfigError(`--server must be an https URL, not ${JSON.stringify(text)}`);
  }
  return text.replace(/\/+$/, "");
}
