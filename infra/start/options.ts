/** The options of `npm start`, from the command line and the environment. Pure. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseFeatures } from "../../functions/settings/features.ts";
import type { LogLevel } from "../log.ts";
import { isLogLevel, LOG_LEVELS } from "../log.ts";
import { parseDatabaseUrl } from "../postgres/database-url.ts";
import { UserError } from "../user-error.ts";

export interface DroverOptions {
  /** 0 = any free port. */
  readonly port: number;
  readonly host: string;
  /** Absolute path. */
  readonly dataDir: string;
  /** Absent = the embedded PostgreSQL. */
  readonly databaseUrl?: string;
  /** Absent = one is generated. */
  readonly bootstrapPassword?: string;
  /** `https://host[:port]`; absent = derived from host and port. */
  readonly serverUrl?: string;
  /** Defaults of feature flags, `a=true,b=false`; absent = the catalogue's. */
  readonly features?: string;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  readonly logLevel: LogLevel;
}

interface OptionSpec {
  readonly name: string;
  readonly value: string;
  readonly help: string;
}

const SPECS = [
  { name: "port", value: "PORT", help: "port to listen on (default 8443)" },
  { name: "host", value: "ADDRESS", help: "address to listen on (default 127.0.0.1; 0.0.0.0 = all)" },
  { name: "data-dir", value: "DIR", help: "where everything is kept (default .drover)" },
  { name: "database-url", value: "URL", help: "an external PostgreSQL instead of the embedded one" },
  {
    name: "bootstrap-password",
    value: "TEXT",
    help: "first password of the user admin (default: generated)",
  },
  { name: "server-url", value: "URL", help: "URL under which agents and users reach this server" },
  { name: "features", value: "A=true,B=false", help: "other defaults for feature flags" },
  { name: "tls-cert", value: "FILE", help: "certificate chain to serve instead of a local one" },
  { name: "tls-key", value: "FILE", help: "its private key" },
  { name: "tls-ca", value: "FILE", help: "the private CA that signed it, for clients to trust" },
  { name: "log-level", value: "LEVEL", help: `${LOG_LEVELS.join(", ")} (default info)` },
] as const satisfies readonly OptionSpec[];

type OptionName = (typeof SPECS)[number]["name"];

/** The environment variable of an option: `DROVER_DATA_DIR`. */
const variable = (name: OptionName): string => `DROVER_${name.toUpperCase().replaceAll("-", "_")}`;

export function helpText(): string {
  const lines = SPECS.map(({ name, value, help }) => `  ${`--${name} ${value}`.padEnd(28)}${help}`);
  return [
    "Usage: npm start -- [options]",
    "",
    ...lines,
    `  ${"--help".padEnd(28)}this text`,
    "",
    "Each option can also be given as an environment variable, for example DROVER_DATA_DIR; the command line wins.",
    "CATTLE_BOOTSTRAP_PASSWORD and CATTLE_FEATURES are other names of DROVER_BOOTSTRAP_PASSWORD and DROVER_FEATURES;",
    "other CATTLE_* variables set settings.",
  ].join("\n");
}

/** Reads the options; `"help"` when they ask for it. Throws `UserError` naming the option at fault. */
export function parseOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): DroverOptions | "help" {
  const given = commandLine(argv);
  if (given["help"] === true) return "help";
  const take = (name: OptionName): string | undefined => {
    const value = given[name] ?? environment[variable(name)];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const databaseUrl = take("database-url");
  if (databaseUrl !== undefined) parseDatabaseUrl(databaseUrl);
  const bootstrapPassword =
    take("bootstrap-password") ?? (environment["CATTLE_BOOTSTRAP_PASSWORD"] || undefined);
  const serverUrl = parseServerUrl(take("server-url"));
  const features = parseFeatureOption(take("features") ?? (environment["CATTLE_FEATURES"] || undefined));
  const tls = parseTls(take("tls-cert"), take("tls-key"), take("tls-ca"));
  return {
    port: parsePort(take("port") ?? "8443"),
    host: take("host") ?? "127.0.0.1",
    dataDir: resolve(take("data-dir") ?? ".drover"),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(bootstrapPassword === undefined ? {} : { bootstrapPassword }),
    ...(serverUrl === undefined ? {} : { serverUrl }),
    ...(features === undefined ? {} : { features }),
    ...(tls === undefined ? {} : { tls }),
    logLevel: parseLogLevel(take("log-level") ?? "info"),
  };
}

function parseFeatureOption(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    parseFeatures(text);
    return text;
  } catch (error) {
    if (error instanceof TypeError) throw new UserError(`--${error.message}`);
    throw error;
  }
}

function commandLine(argv: readonly string[]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(SPECS.map(({ name }) => [name, { type: "string" as const }]));
  try {
    return parseArgs({ args: [...argv], options: { ...options, help: { type: "boolean", short: "h" } } })
      .values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Node goes on to explain how to pass such a text as a positional argument, which we do not take.
    throw new UserError(`${message.split(/\. |\.?\n/)[0]}; see --help`);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UserError(`--port must be a number up to 65535, not ${text}`);
  return port;
}

function parseLogLevel(text: string): LogLevel {
  if (!isLogLevel(text))
    throw new UserError(`--log-level must be one of ${LOG_LEVELS.join(", ")}, not ${text}`);
  return text;
}

function parseServerUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" || url.pathname !== "/" || url.search !== "" || url.username !== "") {
    throw new UserError(
      `--server-url must look like https://drover.example.com or https://host:port, not ${text}`,
    );
  }
  return url.origin;
}

function parseTls(
  cert: string | undefined,
  key: string | undefined,
  ca: string | undefined,
): DroverOptions["tls"] | undefined {
  if (cert !== undefined && key !== undefined) {
    return { cert: resolve(cert), key: resolve(key), ...(ca === undefined ? {} : { ca: resolve(ca) }) };
  }
  if (cert !== undefined) throw new UserError("--tls-cert needs --tls-key");
  if (key !== undefined) throw new UserError("--tls-key needs --tls-cert");
  if (ca !== undefined) throw new UserError("--tls-ca needs --tls-cert and --tls-key");
  return undefined;
}

/** The URL by which this server is reached when `--server-url` is not given. */
export function defaultServerUrl(host: string, port: number): string {
  const local = ["127.0.0.1", "0.0.0.0", "::", "::1"].includes(host);
  const name = local ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return new URL(`https://${name}:${port}`).origin;
}
