/** What Secrets and ConfigMaps that hold objects of ext.cattle.io have in common: labels, and names of members. Pure. */
import type { ObjectMeta } from "../../object.ts";
import { extensionKindLabel, extensionTokenNamespace, extensionUserLabel } from "../core/extension-tokens.ts";
import { canonicalTime } from "../times.ts";

/** What kind of token it is, for whoever asks by label. */
export const extensionTokenKindLabel = "authn.management.cattle.io/kind";
/** Of a token that is part of a Kubeconfig: its name. */
export const kubeconfigIdLabel = "authn.management.cattle.io/kubeconfig-id";

/** Said by the server, whatever a client writes. */
const fixedLabels = [extensionKindLabel, extensionUserLabel, extensionTokenKindLabel, kubeconfigIdLabel];

export function freeLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !fixedLabels.includes(label)));
}

/** Metadata as a client sees it. `members`: of `spec`, with the keys of the row's data. */
export function shownMetadata(
  { namespace: _n, labels = {}, managedFields, ...metadata }: ObjectMeta,
  members: Readonly<Record<string, string>>,
): ObjectMeta {
  const { [extensionKindLabel]: _k, ...shown } = labels;
  return {
    ...metadata,
    ...(Object.keys(shown).length === 0 ? {} : { labels: shown }),
    ...(managedFields === undefined
      ? {}
      : { managedFields: managedFields.map((entry) => shownFields(entry, members)) }),
  };
}

/** The metadata of a new row. `labels`: what the server says of it. */
export function newRowMetadata(
  { generateName: _g, uid: _u, namespace: _n, ...given }: ObjectMeta,
  name: string,
  labels: Readonly<Record<string, string>>,
): ObjectMeta {
  return {
    ...given,
    name,
    namespace: extensionTokenNamespace,
    labels: { ...freeLabels(given.labels), ...labels },
  };
}

/** The row's metadata after a client wrote `wanted`. */
export function rowMetadata(
  { namespace, labels, managedFields }: ObjectMeta,
  wanted: ObjectMeta,
): ObjectMeta {
  const kept = Object.fromEntries(
    Object.entries(labels ?? {}).filter(([label]) => fixedLabels.includes(label)),
  );
  const { managedFields: given, ...rest } = wanted;
  return {
    ...rest,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...freeLabels(wanted.labels), ...kept },
    // An empty list takes all of them off.
    ...(given?.length === 0 || managedFields === undefined ? {} : { managedFields: [...managedFields] }),
  };
}

/** Of a configuration that somebody applies: what is his to say, for the row of this identity. */
export function appliedMetadata(
  { namespace, name, uid }: ObjectMeta,
  { annotations, finalizers, ownerReferences, labels }: Partial<ObjectMeta>,
): object {
  const said = { annotations, finalizers, ownerReferences, labels: labels && freeLabels(labels) };
  return {
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    namespace,
    name,
    uid,
  };
}

/** RFC 3339 in whole seconds. */
export function timestamp(date: Date): string {
  return canonicalTime(date.toISOString()) ?? "";
}

/** Who manages which members, by the names that they have in the object. */
function shownFields(entry: unknown, members: Readonly<Record<string, string>>): object {
  const { fieldsV1, ...told } = entry as { readonly fieldsV1?: Readonly<Record<string, object>> };
  const { "f:metadata": metadata, "f:data": data } = fieldsV1 ?? {};
  const spec = Object.entries(members).flatMap(([member, key]) =>
    data !== undefined && Object.hasOwn(data, `f:${key}`) ? [[`f:${member}`, {}] as const] : [],
  );
  return {
    ...told,
    apiVersion: "ext.cattle.io/v1",
    fieldsV1: {
      ...(metadata === undefined ? {} : { "f:metadata": metadata }),
      ...(spec.length === 0 ? {} : { "f:spec": Object.fromEntries(spec) }),
    },
  };
}
