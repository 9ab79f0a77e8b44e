/** Shells of the dashboard: where they are asked for, and the flags that switch them off (tunnel.md 4.1, 4.5). */
import { featureValue, features } from "../../../schema/resources/management.cattle.io/features.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

export interface ClusterTarget {
  /** `/k8s/clusters/c-abcde`: what stands before the cluster's own paths. */
  readonly prefix: string;
  readonly clusterId: string;
  /** The request target there. */
  readonly target: string;
}

const clusterShell = "/v1/management.cattle.io.clusters/local";

/**
 * `/v3/clusters/<id>?shell=true` and `/v1/management.cattle.io.clusters/<id>?link=shell` (or `?action=apply`) mean the Steve of
 * that cluster, which calls itself `local`. `undefined` for every other target, and for our own `local`.
 */
export function shellTarget(raw: string): ClusterTarget | undefined {
  const [, face, clusterId = "", text = ""] =
    /^\/(v3\/clusters|v1\/management\.cattle\.io\.clusters)\/([^/?]+)\?(.*)$/s.exec(raw) ?? [];
  if (face === undefined || clusterId === "local") return undefined;
  const query = new URLSearchParams(text);
  const wanted =
    face === "v3/clusters"
      ? query.get("shell") === "true" && "link=shell"
      : query.get("link") === "shell"
        ? "link=shell"
        : query.get("action") === "apply" && "action=apply";
  if (wanted === false) return undefined;
  return { prefix: `/k8s/clusters/${clusterId}`, clusterId, target: `${clusterShell}?${wanted}` };
}

/** Which flag a request to a cluster needs, if any. A kube-apiserver decodes paths: so must the judge. */
export function shellFeature(target: string): "pod-shell" | "cluster-shell" | undefined {
  const [raw = "", query = ""] = target.split("?", 2);
  let path = raw;
  try {
    path = decodeURIComponent(raw);
  } catch {
    // The cluster refuses it.
  }
  const plain = path.replaceAll(/\/{2,}/g, "/");
  if (/^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/exec\/?$/.test(plain)) return "pod-shell";
  return plain === clusterShell && new URLSearchParams(query).get("link") === "shell"
    ? "cluster-shell"
    : undefined;
}

/** Throws `Forbidden` where the flag is off. Asks the database, but only for shells. */
export async function refuseShell(c: AppContext, target: string): Promise<void> {
  const name = shellFeature(target);
  if (name === undefined) return;
  const flag = await absentAsUndefined(systemStore(c, "cluster-router").get(features, "", name));
  if (flag !== undefined && !featureValue(flag))
    throw new ApiError("Forbidden", `${name} feature is disabled`);
}
