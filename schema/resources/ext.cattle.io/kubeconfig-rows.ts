/** Between a Kubeconfig of ext.cattle.io and the ConfigMap that holds it, in Rancher's form (auth.md 3.8). Pure; total. */
import type { ObjectMeta, OwnerReference } from "../../object.ts";
import type { ConfigMap } from "../core/config-maps.ts";
import { extensionKindLabel, extensionUserLabel } from "../core/extension-tokens.ts";
import type { Kubeconfig } from "./kubeconfigs.ts";
import { appliedMetadata, newRowMetadata, rowMetadata, shownMetadata } from "./rows.ts";

/** The value of the label `cattle.io/kind`. */
export const kubeconfigKind = "kubeconfig";
const uidAnnotation = "cattle.io/uid";

type Spec = NonNullable<Kubeconfig["spec"]>;
type Status = NonNullable<Kubeconfig["status"]>;

/** Keys of the data by members of `spec`. */
const members = {
  clusters: "clusters",
  currentContext: "current-context",
  description: "description",
  ttl: "ttl",
  includeDefaultEntry: "include-default-entry",
} as const;

export function kubeconfigOfRow({ metadata, data = {} }: ConfigMap): Kubeconfig {
  const text = (key: string): string => (Object.hasOwn(data, key) ? (data[key] ?? "") : "");
  const { annotations: { [uidAnnotation]: _, ...annotations } = {}, ...shown } = shownMetadata(
    metadata,
    members,
  );
  const clusters = texts(text(members.clusters));
  const tokens = texts(text("status-tokens"));
  const conditions = listOf(text("status-conditions")) as Status["conditions"];
  const isDefault = text(members.includeDefaultEntry);
  return {
    apiVersion: "ext.cattle.io/v1",
    kind: "Kubeconfig",
    metadata: { ...shown, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: {
      ...(clusters.length === 0 ? {} : { clusters }),
      ...present("currentContext", text(members.currentContext)),
      ...present("description", text(members.description)),
      ttl: /^\d{1,15}$/.test(text(members.ttl)) ? Number(text(members.ttl)) : 0,
      ...(isDefault === "" ? {} : { includeDefaultEntry: isDefault === "true" }),
    },
    status: {
      ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }),
      ...present("summary", text("status-summary")),
      ...(tokens.length === 0 ? {} : { tokens }),
    },
  };
}

/** `owners`: its tokens; it goes when the last of them has gone. */
export function rowOfKubeconfig(
  { metadata, spec = {}, status = {} }: Kubeconfig,
  {
    name,
    userId,
    owners,
  }: { readonly name: string; readonly userId: string; readonly owners: OwnerReference[] },
): ConfigMap {
  const { ownerReferences = [], ...given } = metadata;
  const allOwners = [...ownerReferences, ...owners];
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      ...newRowMetadata(given, name, {
        [extensionKindLabel]: kubeconfigKind,
        [extensionUserLabel]: userId,
      }),
      annotations: { ...given.annotations, [uidAnnotation]: crypto.randomUUID() },
      ...(allOwners.length === 0 ? {} : { ownerReferences: allOwners }),
    },
    data: {
      ...((spec.clusters ?? []).length === 0 ? {} : { [members.clusters]: JSON.stringify(spec.clusters) }),
      [members.currentContext]: spec.currentContext ?? "",
      [members.description]: spec.description ?? "",
      [members.ttl]: String(spec.ttl ?? 0),
      ...(spec.includeDefaultEntry === undefined
        ? {}
        : { [members.includeDefaultEntry]: String(spec.includeDefaultEntry) }),
      ...statusData(status),
    },
  };
}

/** After a change: of the spec the description alone. `now`: RFC 3339. */
export function changedKubeconfigRow(
  current: ConfigMap,
  { metadata, spec = {} }: Kubeconfig,
  now: string,
): ConfigMap {
  const { description = "" } = spec;
  const uid = current.metadata.annotations?.[uidAnnotation];
  const annotations = { ...metadata.annotations, ...(uid === undefined ? {} : { [uidAnnotation]: uid }) };
  const next = rowMetadata(current.metadata, { ...metadata, annotations });
  if (description === (current.data?.[members.description] ?? "")) return { ...current, metadata: next };
  const { status = {} } = kubeconfigOfRow(current);
  const others = (status.conditions ?? []).filter(({ type }) => type !== "Updated");
  const updated = {
    type: "Updated",
    status: "True",
    reason: "Updated",
    message: "",
    lastTransitionTime: now,
  } as const;
  return {
    ...current,
    metadata: next,
    data: {
      ...current.data,
      [members.description]: description,
      ...statusData({ ...status, conditions: [...others, updated] }),
    },
  };
}

export function appliedKubeconfigRow(
  row: ObjectMeta,
  { metadata, spec = {} }: { readonly metadata: Partial<ObjectMeta>; readonly spec?: Partial<Spec> },
): Record<string, unknown> {
  const { description } = spec;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: appliedMetadata(row, metadata),
    ...(description === undefined ? {} : { data: { [members.description]: description } }),
  };
}

function statusData({ summary = "", conditions = [], tokens = [] }: Status): Record<string, string> {
  return {
    "status-summary": summary,
    ...(conditions.length === 0 ? {} : { "status-conditions": JSON.stringify(conditions) }),
    ...(tokens.length === 0 ? {} : { "status-tokens": JSON.stringify(tokens) }),
  };
}

function present<K extends string>(key: K, text: string): Partial<Record<K, string>> {
  return text === "" ? {} : ({ [key]: text } as Record<K, string>);
}

function listOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text === "" ? "[]" : text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function texts(text: string): string[] {
  return listOf(text).filter((item) => typeof item === "string");
}
