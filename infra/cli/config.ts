/** The CLI's login, kept in `${XDG_CONFIG_HOME:-~/.config}/drover/config.json`, mode 0600. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

export interface CliConfig {
  /** `https://host[:port]`, no trailing slash. */
  readonly server: string;
  /** PEM of the CA that signs the server's certificate; absent = the system's trust store. */
  readonly ca?: string;
  /** `token-xxxxx:<secret>` */
  readonly token: string;
}

export function configPath(): string {
  const base = process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return join(base, "drover", "config.json");
}

export function readConfig(): CliConfig {
  const path = configPath();
  if (!existsSync(path)) throw new Error("not logged in: run `npm run drover -- login` first");
  const parsed = parse(readFileSync(path, "utf8"));
  if (typeof parsed !== "object" || parsed === null || !("server" in parsed) || !("token" in parsed)) {
    throw new Error(`${path} is not a Drover login: run \`npm run drover -- login\` again`);
  }
  return parsed as CliConfig;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Replaces the file as a whole; it is never readable by others, not even for a moment. */
export function writeConfig(config: CliConfig): void {
  const path = configPath();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}
