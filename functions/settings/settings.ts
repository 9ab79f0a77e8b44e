/** Reads settings. All stored values are one query, kept in the isolate for at most 10 s. */
import { settings as settingType } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { Remembered } from "../remembered.ts";
import { effectiveSetting } from "./effective.ts";
import type { SettingName } from "./catalogue.ts";

export interface Settings {
  /** The effective value. */
  readonly get: (name: SettingName) => Promise<string>;
  /** The effective value as a whole number; `fallback` when it is not one. */
  readonly number: (name: SettingName, fallback: number) => Promise<number>;
  /** Setting `server-url`, else `DROVER_SERVER_URL`, without a trailing slash; `undefined`: take the request's origin. */
  readonly serverUrl: () => Promise<string | undefined>;
}

const remembered = new Remembered<ReadonlyMap<string, string>>();

/** Forgets what this isolate remembers: after its own write of a setting. */
export function forgetSettings(): void {
  remembered.forget();
}

/** `store` must be allowed to list settings; it is used only when the cache is older than 10 s. */
export function createSettings(env: object, store: () => BoundStore, now: () => number = Date.now): Settings {
  const environment = env as Readonly<Record<string, unknown>>;
  const stored = async (): Promise<ReadonlyMap<string, string> | undefined> =>
    remembered.read("", async () => valuesOf(await store().list<Setting>(settingType, {})), now);
  const get = async (name: SettingName): Promise<string> => {
    // What the environment fixes needs no database: `/cacerts` answers while Postgres is away.
    const fixed = effectiveSetting(environment, name, undefined);
    if (fixed.source === "env") return fixed.value;
    return effectiveSetting(environment, name, (await stored())?.get(name)).value;
  };
  return {
    get,
    number: async (name, fallback) => {
      const value = await get(name);
      return /^-?\d{1,12}$/.test(value) ? Number(value) : fallback;
    },
    serverUrl: async () => {
      const value = await get("server-url");
      return value === "" ? undefined : value.replace(/\/+$/, "");
    },
  };
}

function valuesOf({ items }: { readonly items: readonly Setting[] }): ReadonlyMap<string, string> {
  return new Map(items.map((item) => [item.metadata.name, item.value ?? ""]));
}
