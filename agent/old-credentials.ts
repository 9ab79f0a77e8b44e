/**
 * A rotated token leaves the Secret that it replaced behind. As Rancher's agent does, ours deletes such Secrets once they are an
 * hour old: a Deployment that is just being rolled out, or back, may still need the one before (tunnel.md 2.10).
 */
import type { KubeCall } from "./kube-client.ts";
import type { Log } from "./log.ts";

const secretsPath = "/api/v1/namespaces/cattle-system/secrets";
const prefix = "cattle-credentials-";
const hourMs = 3_600_000;
/** What is in the Secrets is of no interest here. */
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

interface Listed {
  readonly items?: readonly {
    readonly metadata: { readonly name: string; readonly uid: string; readonly creationTimestamp: string };
  }[];
}

/** `own`: the Secret that this agent's pod has. Answers with the names of those that are gone now. Throws when the cluster refuses. */
export async function deleteOldCredentials(call: KubeCall, own: string, now: number): Promise<string[]> {
  const listed = await call("GET", secretsPath, undefined, undefined, metadataOnly);
  if (listed.status !== 200) throw new Error(`listing Secrets of cattle-system: HTTP ${listed.status}`);
  const old = ((listed.body as Listed).items ?? []).filter(
    ({ metadata: { name, creationTimestamp } }) =>
      name.startsWith(prefix) && name !== own && now - Date.parse(creationTimestamp) >= hourMs,
  );
  const gone: string[] = [];
  for (const { metadata } of old) {
    const { name, uid } = metadata;
    // Not one that was made anew under the name meanwhile.
    const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
    const { status } = await call("DELETE", `${secretsPath}/${name}`, options);
    if (![200, 202, 404, 409].includes(status))
      throw new Error(`deleting Secret cattle-system/${name}: HTTP ${status}`);
    if (status !== 409) gone.push(name);
  }
  return gone;
}

/** Every hour, until `signal` aborts; what fails is tried an hour later. */
export function keepDeletingOldCredentials(
  call: KubeCall,
  own: string,
  log: Log,
  signal: AbortSignal,
  everyMs = hourMs,
): void {
  const timer = setInterval(() => {
    deleteOldCredentials(call, own, Date.now()).then(
      (names) =>
        names.forEach((name) => log("info", `deleted Secret cattle-system/${name}, which was replaced`)),
      (error: unknown) =>
        log("error", `old credentials stay: ${error instanceof Error ? error.message : String(error)}`),
    );
  }, everyMs);
  signal.addEventListener("abort", () => clearInterval(timer));
}
