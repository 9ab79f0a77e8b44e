/**
 * What every namespace has: the ServiceAccount `default`, and the ConfigMap `kube-root-ca.crt` with the CA of this API, made
 * again when somebody deletes or changes them. Also the namespaces that Kubernetes always has. Keys are names of namespaces;
 * `*`: all that lack something.
 */
import type { KubeObject } from "../../schema/object.ts";
import { typeKey } from "../../schema/resource.ts";
import { configMaps } from "../../schema/resources/core/config-maps.ts";
import type { ConfigMap } from "../../schema/resources/core/config-maps.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import { serviceAccounts } from "../../schema/resources/core/service-accounts.ts";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import type { NamespaceDefaults } from "../../schema/store/namespaces-lacking.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { effectiveSetting } from "../settings/effective.ts";
import { absentAsUndefined } from "../store/absent.ts";
import { stop } from "./controller.ts";
import type { Controller, ReconcileContext } from "./controller.ts";
import { inParallel, isSpent } from "./in-parallel.ts";

/** Of these only `kube-node-lease` can be deleted: it comes back. */
export const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
export const allNamespaces = "*";

const serviceAccount = "default";
const configMap = "kube-root-ca.crt";
const pageSize = 200;

export const namespaceDefaults: Controller = {
  name: "namespace-defaults",
  watches: [
    {
      type: typeKey(namespaces),
      keys: (before, after) => {
        if (before === undefined) return namesOf(after);
        return after === undefined ? namesOf(before).filter((name) => systemNamespaces.includes(name)) : [];
      },
    },
    {
      type: typeKey(serviceAccounts),
      keys: (before, after) =>
        after === undefined && before?.metadata.name === serviceAccount ? placesOf(before) : [],
    },
    {
      type: typeKey(configMaps),
      keys: (before, after) => {
        const isOurs = (after ?? before)?.metadata.name === configMap;
        return isOurs && before !== undefined && contentOf(before) !== contentOf(after)
          ? placesOf(before)
          : [];
      },
    },
    {
      type: typeKey(settings),
      keys: (before, after) =>
        after?.metadata.name === "cacerts" && storedCa(before) !== storedCa(after) ? [allNamespaces] : [],
    },
  ],
  steps: [
    {
      name: "defaults",
      async run(context, name) {
        const { ca } = await wantedDefaults(context);
        if (name !== allNamespaces) {
          await fill(context, name, ca);
          return stop;
        }
        const start = Date.now();
        let after = "";
        for (;;) {
          const lacking = await lackingNamespaces(context, pageSize, after);
          await inParallel(lacking, (one) => fill(context, one, ca));
          const last = lacking.at(-1);
          if (lacking.length < pageSize || last === undefined) return stop;
          if (isSpent(start)) return { next: "requeue", afterMs: 0, reason: "there are more namespaces" };
          after = last;
        }
      },
    },
  ],
};

/** Names of those that lack something, at most `limit`. */
export async function lackingNamespaces(
  context: Pick<ReconcileContext, "store" | "env">,
  limit: number,
  after?: string,
): Promise<string[]> {
  return context.store.metadata.namespacesLacking(await wantedDefaults(context), limit, after);
}

async function wantedDefaults({
  store,
  env,
}: Pick<ReconcileContext, "store" | "env">): Promise<NamespaceDefaults & { readonly ca: string }> {
  const setting = await absentAsUndefined(store.get<Setting>(settings, "", "cacerts"));
  const { value } = effectiveSetting({ ...env }, "cacerts", storedCa(setting));
  const ca = value === "" ? "" : `${value.trim()}\n`;
  return { ca, serviceAccount, configMap, configMapHolds: `"data":${JSON.stringify(dataOf(ca))}` };
}

function dataOf(ca: string): Record<string, string> {
  return { "ca.crt": ca };
}

async function fill({ store }: ReconcileContext, name: string, ca: string): Promise<void> {
  const namespace = await absentAsUndefined(store.get(namespaces, "", name));
  if (namespace === undefined) {
    if (systemNamespaces.includes(name)) await make(store, name);
    return;
  }
  if (namespace.metadata.deletionTimestamp !== undefined) return;
  const [account, current] = await Promise.all([
    absentAsUndefined(store.get(serviceAccounts, name, serviceAccount)),
    absentAsUndefined(store.get<ConfigMap>(configMaps, name, configMap)),
  ]);
  if (account === undefined)
    await unlessGoing(
      store.create(serviceAccounts, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: serviceAccount, namespace: name },
      }),
    );
  const wanted: ConfigMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configMap, namespace: name },
    data: dataOf(ca),
  };
  if (current === undefined) await unlessGoing(store.create<ConfigMap>(configMaps, wanted));
  else if (contentOf(current) === contentOf(wanted)) return;
  // Its deletion calls for the next run.
  else if (current.immutable === true) await absentAsUndefined(store.delete(configMaps, name, configMap));
  else
    await absentAsUndefined(store.update<ConfigMap>(configMaps, { ...wanted, metadata: current.metadata }));
}

async function make(store: BoundStore, name: string): Promise<void> {
  await unlessGoing(store.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }));
}

/** The namespace may go in this moment, or somebody else be faster: his write or ours calls for another look. */
async function unlessGoing(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    const isExpected = ["NotFound", "Forbidden", "AlreadyExists"].some(
      (code) => isStoreError(error) && error.code === code,
    );
    if (!isExpected) throw error;
  }
}

function contentOf(object: KubeObject | undefined): string {
  const { data, binaryData } = (object ?? {}) as Partial<ConfigMap>;
  return JSON.stringify([data, binaryData, object === undefined]);
}

function storedCa(object: KubeObject | undefined): string {
  const { value = "", default: standard = "" } = (object ?? {}) as Partial<Setting>;
  return value === "" ? standard : value;
}

function namesOf(object: KubeObject | undefined): string[] {
  return object === undefined ? [] : [object.metadata.name];
}

function placesOf({ metadata }: KubeObject): string[] {
  return [metadata.namespace ?? ""];
}
