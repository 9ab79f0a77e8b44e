/** Names in the import manifest (tunnel.md 3). A file of their own: constants that two modules of a cycle share are undefined in one. */
import type { AgentBundle } from "./manifest.ts";

export const agentNamespace = "cattle-system";
export const agentApp = "cattle-cluster-agent";

/** The image as the cluster pulls it: from the registry of the setting `system-default-registry`, if there is one. */
export function imageFrom(registry: string, image: string): string {
  return registry === "" || image.startsWith(`${registry}/`) ? image : `${registry}/${image}`;
}

export function bundleName({ hash }: AgentBundle): string {
  return `cattle-agent-bundle-${hash}`;
}

export function credentialsName(key: string): string {
  return `cattle-credentials-${key}`;
}

/** Whether an image brings Rancher's own agent, which its entrypoint starts: `rancher/rancher-agent:v2.12.1`, of any registry. */
export function bringsItsAgent(image: string): boolean {
  return /(?:^|\/)rancher-agent(?:[:@]|$)/.test(image);
}
