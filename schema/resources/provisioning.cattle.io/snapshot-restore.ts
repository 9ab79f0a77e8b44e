/** What a snapshot must hold before a cluster can be restored from it (auth.md 7.8; controllers.md 5.7). */
import type { AdmissionContext } from "../../resource.ts";
import type { FieldError } from "../../structural/types.ts";
import { invalid } from "../names.ts";
import type { EtcdSnapshot } from "../rke.cattle.io/etcd-snapshots.ts";
import type { ProvisioningCluster } from "./clusters.ts";

const path = "spec.rkeConfig.etcdSnapshotRestore";
const specKey = "provisioning-cluster-spec";
/** An unpacked specification is an object's; a snapshot's message is not to fill the memory of a Worker. */
const maxBytes = 4 * 1024 * 1024;

type Spec = NonNullable<ProvisioningCluster["spec"]>;

/** Judged when a restore is asked for, not later: the snapshot may go once it was used. */
export async function restoreErrors({
  object,
  old,
  lookup,
}: Pick<AdmissionContext<ProvisioningCluster>, "object" | "old" | "lookup">): Promise<FieldError[]> {
  const restore = object.spec?.rkeConfig?.etcdSnapshotRestore;
  const { name, restoreRKEConfig: mode } = restore ?? {};
  if (old === undefined || (name ?? "") === "" || (mode ?? "") === "") return [];
  if (JSON.stringify(restore) === JSON.stringify(old.spec?.rkeConfig?.etcdSnapshotRestore)) return [];
  // Restores data alone: a snapshot that only its file's name tells of will do.
  if (mode === "none") return [];
  if (mode !== "kubernetesVersion" && mode !== "all")
    return [
      {
        reason: "FieldValueNotSupported",
        field: `${path}.restoreRKEConfig`,
        message: `Unsupported value: ${JSON.stringify(mode)}: supported values: "none", "kubernetesVersion", "all"`,
      },
    ];
  const snapshot: EtcdSnapshot | undefined = await lookup(
    "etcdsnapshots.rke.cattle.io",
    object.metadata.namespace ?? "",
    name ?? "",
  );
  const problem = async (): Promise<string | undefined> => {
    if (snapshot === undefined) return "there is no such snapshot in the namespace";
    const spec = await snapshotSpec(snapshot.snapshotFile?.metadata ?? "");
    if (spec === undefined) return "the snapshot does not tell the cluster's specification";
    if ((spec.kubernetesVersion ?? "") === "") return "the snapshot does not tell the version of Kubernetes";
    return mode === "all" && (spec.rkeConfig ?? null) === null
      ? "the snapshot does not tell the cluster's configuration"
      : undefined;
  };
  const found = await problem();
  return found === undefined ? [] : [invalid(`${path}.name`, name, found)];
}

/** base64 of a JSON object; in it base64 of gzipped JSON. `undefined`: not readable. */
async function snapshotSpec(metadata: string): Promise<Spec | undefined> {
  try {
    const outer: unknown = JSON.parse(new TextDecoder().decode(decoded(metadata)));
    const packed = isObject(outer) ? outer[specKey] : undefined;
    if (typeof packed !== "string") return undefined;
    const spec: unknown = JSON.parse(await unpacked(decoded(packed)));
    return isObject(spec) ? spec : undefined;
  } catch {
    return undefined;
  }
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Throws for what is not gzip, or too large. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxBytes) throw new RangeError("too large");
  }
  return text + decoder.decode();
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
