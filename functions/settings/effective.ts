/** Effective values (norman-v3.md 3.13): environment, else stored, else default. Pure. */
import { isImageReference } from "../../schema/resources/management.cattle.io/setting-values.ts";
import { defaultVariables, settingDefaults } from "./catalogue.ts";
import type { SettingName } from "./catalogue.ts";

export interface EffectiveSetting {
  readonly value: string;
  readonly default: string;
  readonly source: "env" | "db" | "default";
  readonly customized: boolean;
}

/** What holds while nobody says otherwise: the catalogue's, or of a variable that replaces it. */
export function defaultSetting(env: Readonly<Record<string, unknown>>, name: SettingName): string {
  const variable = defaultVariables[name];
  return (variable === undefined ? undefined : text(env[variable])) ?? settingDefaults[name];
}

/** `env`: the Worker's environment, of which `CATTLE_<NAME>` counts, and two start options of ours (design 10). */
export function effectiveSetting(
  env: Readonly<Record<string, unknown>>,
  name: SettingName,
  stored: string | undefined,
): EffectiveSetting {
  const standard = defaultSetting(env, name);
  const fromEnv = environmentValue(env, name);
  if (fromEnv !== undefined && isUsable(name, fromEnv))
    return { value: fromEnv, default: standard, source: "env", customized: false };
  if (stored !== undefined && stored !== "" && isUsable(name, stored))
    return { value: stored, default: standard, source: "db", customized: true };
  return { value: standard, default: standard, source: "default", customized: false };
}

/** `cacerts` is read-only and the installation's; trimmed, because agents hash the value plus one newline (tunnel.md 2.9). */
function environmentValue(env: Readonly<Record<string, unknown>>, name: SettingName): string | undefined {
  const value =
    text(env[`CATTLE_${name.toUpperCase().replaceAll("-", "_")}`]) ??
    (name === "cacerts" ? text(env["DROVER_CACERTS"]) : undefined);
  return name === "cacerts" ? value?.trim() : value;
}

/**
 * `auth-image` goes into every import manifest, and one that is no image would break them all: it may have been written
 * before it was checked, or be the environment's.
 */
function isUsable(name: SettingName, value: string): boolean {
  return name !== "auth-image" || isImageReference(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
