/** The two wrangler configurations as deployed: copies of the committed ones with this account's ids in them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const placeholderId = "0".repeat(32);

export interface DeployedConfig {
  readonly hyperdriveId: string;
  readonly serverUrl?: string;
  readonly withApiBinding: boolean;
}

/** Writes `wrangler.deploy.toml` beside its original (relative paths stay right) and returns its path. */
export function writeConfig(script: "api" | "durable", config: DeployedConfig): string {
  const original = script === "api" ? "wrangler.toml" : "durable/wrangler.toml";
  const path = original.replace("wrangler.toml", "wrangler.deploy.toml");
  writeFileSync(join(root, path), deployedText(readFileSync(join(root, original), "utf8"), config));
  return path;
}

export function deployedText(original: string, config: DeployedConfig): string {
  if (!/^[0-9a-f]{32}$/.test(config.hyperdriveId)) throw new Error("the Hyperdrive id must be 32 hex digits");
  // Without `keep_vars`, a deployment that does not name the server URL again would remove it.
  let text = `keep_vars = true\n${original.replace(placeholderId, config.hyperdriveId)}`;
  if (!config.withApiBinding) text = text.replace(/\[\[services\]\]\n(?:[^[\n].*\n)*/, "");
  if (config.serverUrl !== undefined)
    text += `\n[vars]\nDROVER_SERVER_URL = ${JSON.stringify(config.serverUrl)}\n`;
  return text;
}
