/** What Rancher's webhook sees to for provisioning Clusters (auth.md 7.8), in the write path. */
import type { AdmissionContext } from "../../resource.ts";
import { allows } from "../../rbac/evaluate.ts";
import type { FieldError } from "../../structural/types.ts";
import { budgetErrors, placementErrors, schedulingErrors } from "../agent-deployment.ts";
import { creatorErrors, noCreatorErrors, withCreator } from "../creator.ts";
import { forbidden, invalid, required } from "../names.ts";
import type { ProvisioningCluster } from "./clusters.ts";
import { dataDirectoryErrors } from "./data-directories.ts";
import { keepMachineSchemas, machinePoolErrors } from "./machine-pools.ts";
import { podSecurityErrors, withPodSecurity } from "./pod-security.ts";
import { restoreErrors } from "./snapshot-restore.ts";

type Context = AdmissionContext<ProvisioningCluster>;

/** Its status is the reconcilers': nothing here is about it. */
export async function mutateProvisioningCluster(context: Context): Promise<ProvisioningCluster> {
  if (context.subresource === "status") return context.object;
  const object = keepMachineSchemas(context.old, withCreator(context));
  return withPodSecurity({ ...context, object });
}

export async function validateProvisioningCluster(context: Context): Promise<FieldError[]> {
  const { operation, object, old, subresource } = context;
  if (subresource === "status") return [];
  if (operation === "DELETE")
    return object.metadata.name === "local" ? [forbidden("metadata.name", "the local cluster stays")] : [];
  return [
    ...(await nameErrors(context)),
    ...creatorErrors(old, object),
    ...noCreatorErrors(object),
    ...configErrors(old, object),
    ...endpointErrors(object),
    ...machinePoolErrors(old, object),
    ...(await agentErrors(context)),
    ...(await credentialErrors(context)),
    ...proxyErrors(old, object),
    ...dataDirectoryErrors(old, object),
    ...(await s3Errors(context)),
    ...(await restoreErrors(context)),
    ...(await podSecurityErrors(context)),
  ];
}

/** `c-xxxxx` are names of clusters of management; such a one is made for a cluster of that name alone. */
async function nameErrors({ old, object, lookup }: Context): Promise<FieldError[]> {
  if (old !== undefined) return [];
  const { name, namespace } = object.metadata;
  const wrong = (why: string): FieldError[] => [invalid("metadata.name", name, why)];
  if (name === "local")
    return namespace === "fleet-local" ? [] : wrong("local is the name of a cluster in fleet-local");
  if (/^c-[a-z0-9]{5}$/.test(name))
    return (await lookup("clusters.management.cattle.io", "", name)) === undefined
      ? wrong("names of the form c-xxxxx are given by the server")
      : [];
  // Labels hold it, so it is no longer than one.
  return name.length <= 63 && /^[^-][-a-z0-9]+$/.test(name)
    ? []
    : wrong("must be 2 to 63 of a-z, 0-9 and -, and not begin with -");
}

/** Whether a cluster is ours to configure is decided once; the local cluster's owner may think of it later. */
function configErrors(old: ProvisioningCluster | undefined, object: ProvisioningCluster): FieldError[] {
  if (old === undefined) return [];
  const had = (old.spec?.rkeConfig ?? null) !== null;
  const has = (object.spec?.rkeConfig ?? null) !== null;
  if (had === has || (!had && object.metadata.name === "local")) return [];
  return [forbidden("spec.rkeConfig", had ? "it cannot be removed" : "it cannot be added later")];
}

function endpointErrors({ spec }: ProvisioningCluster): FieldError[] {
  const { enabled = false, caCerts, fqdn } = spec?.localClusterAuthEndpoint ?? {};
  const configured = (spec?.rkeConfig ?? null) !== null;
  return configured && enabled && (caCerts ?? "") !== "" && (fqdn ?? "") === ""
    ? [required("spec.localClusterAuthEndpoint.fqdn", "caCerts needs it")]
    : [];
}

async function agentErrors(context: Context): Promise<FieldError[]> {
  const { object, old } = context;
  const { webhookDeploymentCustomization: webhook } = object.spec ?? {};
  const errors = [
    ...placementErrors(webhook, "spec.webhookDeploymentCustomization"),
    ...budgetErrors(webhook?.podDisruptionBudget, "spec.webhookDeploymentCustomization.podDisruptionBudget"),
  ];
  for (const name of ["clusterAgentDeploymentCustomization", "fleetAgentDeploymentCustomization"] as const) {
    const customization = object.spec?.[name];
    errors.push(
      ...placementErrors(customization, `spec.${name}`),
      ...(await schedulingErrors(
        context,
        old?.spec?.[name]?.schedulingCustomization,
        customization?.schedulingCustomization,
        `spec.${name}.schedulingCustomization`,
      )),
    );
  }
  return errors;
}

/** `cattle-global-data:name`, or a Secret beside the cluster. */
function credentialOf(
  namespace: string,
  text: string,
): { readonly namespace: string; readonly name: string } {
  const [where, ...rest] = text.split(":");
  const name = rest.join(":");
  return where === "cattle-global-data" && name !== ""
    ? { namespace: where, name }
    : { namespace, name: text };
}

/** Who lets a cluster use a credential must be able to read it: the cluster would show him what it is good for. */
async function credentialErrors({ object, old, actor }: Context): Promise<FieldError[]> {
  const name = object.spec?.cloudCredentialSecretName ?? "";
  if (name === "" || name === old?.spec?.cloudCredentialSecretName) return [];
  const secret = credentialOf(object.metadata.namespace ?? "", name);
  const right = { verb: "get", group: "", resource: "secrets", ...secret };
  return allows(actor.rules, right)
    ? []
    : [forbidden("spec.cloudCredentialSecretName", "you cannot read that credential")];
}

async function s3Errors({ object, old, lookup }: Context): Promise<FieldError[]> {
  const nameOf = (cluster: ProvisioningCluster | undefined): string =>
    cluster?.spec?.rkeConfig?.etcd?.s3?.cloudCredentialName ?? "";
  const name = nameOf(object);
  if (object.metadata.name === "local" || name === "" || name === nameOf(old)) return [];
  const secret = credentialOf(object.metadata.namespace ?? "", name);
  return (await lookup("secrets", secret.namespace, secret.name)) === undefined
    ? [invalid("spec.rkeConfig.etcd.s3.cloudCredentialName", name, "there is no such credential")]
    : [];
}

/** Blanks in NO_PROXY are not what Go's programs expect there. Who has them keeps them. */
function proxyErrors(old: ProvisioningCluster | undefined, object: ProvisioningCluster): FieldError[] {
  const blankAt = (cluster: ProvisioningCluster | undefined): number =>
    (cluster?.spec?.agentEnvVars ?? []).findIndex(
      ({ name, value }) => name?.toLowerCase() === "no_proxy" && (value ?? "").includes(" "),
    );
  const index = blankAt(object);
  return index < 0 || blankAt(old) >= 0
    ? []
    : [
        invalid(
          `spec.agentEnvVars[${index}].value`,
          object.spec?.agentEnvVars?.[index]?.value,
          "must be addresses, networks and domains with commas between them, without blanks",
        ),
      ];
}
