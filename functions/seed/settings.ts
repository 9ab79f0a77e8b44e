/** Settings and feature flags as objects: each one that is known, and no other (types-settings-features.md 2 and 3). */
import { features } from "../../schema/resources/management.cattle.io/features.ts";
import type { Feature } from "../../schema/resources/management.cattle.io/features.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { isSettingName, settingNames } from "../settings/catalogue.ts";
import type { SettingName } from "../settings/catalogue.ts";
import { effectiveSetting } from "../settings/effective.ts";
import { defaultFeature, featureFlags, parseFeatures, retiredFeatures } from "../settings/features.ts";
import { ensure } from "./ensure.ts";

const apiVersion = "management.cattle.io/v3";
const atOnce = 32;

/**
 * `env`: the Worker's, with what the start options say. A value is the administrator's; the default is ours and may change
 * with a release or a start option; what the environment says is written down, so that every face shows it and refuses changes.
 */
export async function seedSettings(store: BoundStore, env: Readonly<Record<string, unknown>>): Promise<void> {
  await ensure<Setting>(
    store,
    settings,
    settingNames.map((name) => settingObject(name, env)),
    correctSetting,
    atOnce,
  );
  const { items } = await store.list<Setting>(settings, {});
  const unknown = items.filter(({ metadata }) => !isSettingName(metadata.name));
  for (const { metadata } of unknown) await removeIfThere(store, settings, metadata.name);
}

/** Values of a new installation. */
const fresh: Partial<Record<SettingName, () => string>> = {
  "install-uuid": () => crypto.randomUUID(),
  // Operators of hosted clusters, and whether each is switched on (controllers.md 1.4).
  "kev2-operators": () =>
    JSON.stringify(["aks", "eks", "gke", "alibaba"].map((name) => ({ name, active: name !== "alibaba" }))),
};

function settingObject(name: SettingName, env: Readonly<Record<string, unknown>>): Setting {
  const { value, source, default: standard } = effectiveSetting(env, name, undefined);
  return {
    apiVersion,
    kind: "Setting",
    metadata: { name },
    value: source === "env" ? value : (fresh[name]?.() ?? ""),
    default: standard,
    customized: false,
    source: source === "env" ? "env" : "",
  };
}

function correctSetting(current: Setting, wanted: Setting): Setting | undefined {
  const { default: standard = "", source = "", value = "" } = wanted;
  const fixed = source === "env";
  // What the environment said is no choice of anybody's once it says it no more.
  const kept = current.source === "env" ? "" : (current.value ?? "");
  const next = { ...current, default: standard, source, value: fixed ? value : kept };
  const same =
    current.default === standard && (current.source ?? "") === source && (current.value ?? "") === next.value;
  return same ? undefined : next;
}

/** `text`: what `--features` or `CATTLE_FEATURES` says. Only what somebody chose is kept. */
export async function seedFeatures(store: BoundStore, text: string): Promise<void> {
  const given = parseFeatures(text);
  const names = Object.keys(featureFlags).filter((name) => featureFlags[name]?.hidden !== true);
  await ensure<Feature>(
    store,
    features,
    names.map((name) => featureObject(name, given)),
    (current, wanted) =>
      JSON.stringify(current.status) === JSON.stringify(wanted.status)
        ? undefined
        : { ...current, status: wanted.status ?? {} },
    atOnce,
  );
  for (const name of retiredFeatures) await removeIfThere(store, features, name);
}

function featureObject(name: string, given: Readonly<Record<string, boolean>>): Feature {
  const { dynamic = false, description = "", prime = false, locked } = featureFlags[name] ?? {};
  const lockedValue = prime ? false : (locked ?? null);
  return {
    apiVersion,
    kind: "Feature",
    metadata: { name },
    spec: { value: null },
    status: { default: defaultFeature(name, given), dynamic, description, lockedValue, prime },
  };
}

async function removeIfThere(
  store: BoundStore,
  definition: typeof settings | typeof features,
  name: string,
): Promise<void> {
  try {
    await store.delete(definition, "", name);
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}
