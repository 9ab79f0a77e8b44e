/** What a Cluster may ask for, beyond its own names (webhook, Cluster; auth.md 7.8). */
import type { AdmissionContext } from "../../resource.ts";
import { allows } from "../../rbac/evaluate.ts";
import type { FieldError } from "../../structural/types.ts";
import { budgetErrors, placementErrors, schedulingErrors } from "../agent-deployment.ts";
import { forbidden, invalid, notSupported } from "../names.ts";
import { isServerItself } from "../server-actor.ts";
import type { Cluster } from "./clusters.ts";
import { management } from "./group.ts";

/** Whether Drover upgrades an imported K3s or RKE2 cluster: `true`, `false`, or as the setting says. */
export const versionManagementAnnotation = "rancher.io/imported-cluster-version-management";

const versionManagement = ["true", "false", "system-default"];

export function isImportedDistribution({ status }: Pick<Cluster, "status">): boolean {
  return status?.driver === "k3s" || status?.driver === "rke2";
}

export async function customizationErrors(context: AdmissionContext<Cluster>): Promise<FieldError[]> {
  const { object, old } = context;
  const { webhookDeploymentCustomization: webhook, ...spec } = object.spec ?? {};
  const at = "spec.webhookDeploymentCustomization";
  const errors = [
    ...placementErrors(webhook, at),
    ...budgetErrors(webhook?.podDisruptionBudget, `${at}.podDisruptionBudget`),
  ];
  for (const name of ["clusterAgentDeploymentCustomization", "fleetAgentDeploymentCustomization"] as const) {
    const { [name]: given } = spec;
    errors.push(
      ...placementErrors(given, `spec.${name}`),
      ...(await schedulingErrors(
        context,
        old?.spec?.[name]?.schedulingCustomization,
        given?.schedulingCustomization,
        `spec.${name}.schedulingCustomization`,
      )),
    );
  }
  const managed = object.metadata.annotations?.[versionManagementAnnotation];
  if (isImportedDistribution(object) && managed !== undefined && !versionManagement.includes(managed))
    errors.push(
      notSupported(`metadata.annotations[${versionManagementAnnotation}]`, managed, versionManagement),
    );
  return errors;
}

/** To put a cluster into a workspace is to let the workspace's owners deploy to it. */
export function workspaceErrors({ operation, object, old, actor }: AdmissionContext<Cluster>): FieldError[] {
  const path = "spec.fleetWorkspaceName";
  const name = object.spec?.fleetWorkspaceName ?? "";
  const before = old?.spec?.fleetWorkspaceName ?? "";
  if (operation === "UPDATE" && name === "" && before !== "")
    return [forbidden(path, "once set, it cannot be emptied: the cluster would be removed from Fleet")];
  if (name === before || isServerItself(actor)) return [];
  const right = { verb: "fleetaddcluster", group: management.group, resource: "fleetworkspaces", name };
  return allows(actor.rules, right)
    ? []
    : [forbidden(path, `needs the verb fleetaddcluster on the workspace ${JSON.stringify(name)}`)];
}

export async function podSecurityErrors({
  object,
  old,
  lookup,
}: AdmissionContext<Cluster>): Promise<FieldError[]> {
  const name = object.spec?.defaultPodSecurityAdmissionConfigurationTemplateName ?? "";
  if (name === "" || name === old?.spec?.defaultPodSecurityAdmissionConfigurationTemplateName) return [];
  const template = await lookup("podsecurityadmissionconfigurationtemplates.management.cattle.io", "", name);
  return template === undefined || template.metadata.deletionTimestamp !== undefined
    ? [invalid("spec.defaultPodSecurityAdmissionConfigurationTemplateName", name, "no such template")]
    : [];
}
