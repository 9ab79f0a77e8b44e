/** management.cattle.io/v3 Cluster (norman-v3.md 3.5, 4; controllers.md 4.1). */
import type { Condition, KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import type { FieldError } from "../../structural/types.ts";
import { maxShards, parseShards, shardsAnnotation } from "../../internal/tunnel-name.ts";
import { creatorErrors, creatorPrincipalErrors, noCreatorErrors } from "../creator.ts";
import { duplicate, forbidden, invalid, isDnsLabel, required } from "../names.ts";
import { clusterNorman } from "./clusters.norman.ts";
import {
  customizationErrors,
  isImportedDistribution,
  podSecurityErrors,
  versionManagementAnnotation,
  workspaceErrors,
} from "./clusters.rules.ts";
import { clusterSchema } from "./clusters.schema.ts";
import { management } from "./group.ts";
import { isImageReference } from "./setting-values.ts";

export type Cluster = KubeObject & FromSchema<ReturnType<typeof clusterSchema>>;

/** Held until sessions, tokens, namespace and Secrets of a deleted cluster are gone (functions/scheduled/cluster-lifecycle). */
export const CLUSTER_FINALIZER = "controller.cattle.io/cluster-remove";

/** The management store itself (functions/seed/local-cluster.ts). */
export const localCluster = "local";

/** Display names that differ only in case are the same (norman-v3.md 3.5). */
export function clusterNameKey(displayName: string): string {
  return displayName.toLowerCase();
}

export const clusters: ResourceDefinition<Cluster> = {
  ...management,
  kind: "Cluster",
  plural: "clusters",
  singular: "cluster",
  scope: "Cluster",
  schema: clusterSchema,
  statusSubresource: true,
  indexes: {
    // Not of a cluster that goes: its name may be taken again at once.
    displayName: ({ metadata, spec }) =>
      metadata.deletionTimestamp !== undefined || (spec?.displayName ?? "") === ""
        ? []
        : [clusterNameKey(spec?.displayName ?? "")],
    // For the setting agent-tls-mode: agents that have not said that they can verify the CA.
    tlsStrict: ({ metadata, status }) =>
      metadata.name === localCluster || status?.conditions?.some(isStrictlyVerified) === true
        ? []
        : ["unverified"],
    podSecurityTemplate: ({ spec }) => nonEmpty(spec?.defaultPodSecurityAdmissionConfigurationTemplateName),
  },
  references: { podSecurityTemplate: "podsecurityadmissionconfigurationtemplates.management.cattle.io" },
  unique: ["displayName"],
  mutate,
  validate,
  norman: clusterNorman,
};

function isStrictlyVerified({ type, status }: Condition): boolean {
  return type === "AgentTlsStrictCheck" && status === "True";
}

/** Of an imported K3s or RKE2 cluster: nothing said is said explicitly (webhook, Cluster). */
function withVersionManagement(object: Cluster): Cluster {
  const { annotations = {} } = object.metadata;
  if (!isImportedDistribution(object) || (annotations[versionManagementAnnotation] ?? "") !== "")
    return object;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...annotations, [versionManagementAnnotation]: "system-default" },
    },
  };
}

function nonEmpty(name: string | undefined): string[] {
  return name === undefined || name === "" ? [] : [name];
}

/** A new cluster waits for its agent, and cannot go before it was cleaned up after. */
function mutate({ operation, object, now }: AdmissionContext<Cluster>): Cluster {
  if (operation !== "CREATE") return withVersionManagement(object);
  const finalizers = object.metadata.finalizers ?? [];
  return {
    ...object,
    metadata: {
      ...object.metadata,
      finalizers: finalizers.includes(CLUSTER_FINALIZER) ? finalizers : [...finalizers, CLUSTER_FINALIZER],
    },
    status: { ...object.status, conditions: object.status?.conditions ?? firstConditions(now()) },
  };
}

/** `pending` (norman-v3.md 4.3). Times are always set: the Terraform provider forgives what is younger than 120 s. */
function firstConditions(now: Date): Condition[] {
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const unknown = (type: string, message?: string): Condition => ({
    type,
    status: "Unknown",
    ...(message === undefined ? {} : { message }),
    lastUpdateTime: time,
    lastTransitionTime: time,
  });
  return [unknown("Pending"), unknown("Provisioned"), unknown("Waiting", "Waiting for API to be available")];
}

async function validate(context: AdmissionContext<Cluster>): Promise<FieldError[]> {
  const { operation, object, old, lookupByIndex } = context;
  if (operation === "DELETE")
    return object.metadata.name === localCluster
      ? [forbidden("metadata.name", "the local cluster cannot be deleted")]
      : [];
  const { metadata, spec = {} } = object;
  const errors = [
    ...creatorErrors(old, object),
    ...noCreatorErrors(object),
    ...(await creatorPrincipalErrors(context)),
    ...(await customizationErrors(context)),
    ...(await podSecurityErrors(context)),
    ...workspaceErrors(context),
  ];
  // The name is that of a namespace too, and a segment of URLs.
  if (old === undefined && !isDnsLabel(metadata.name))
    errors.push(invalid("metadata.name", metadata.name, "must be a DNS label"));
  const shards = metadata.annotations?.[shardsAnnotation];
  if (parseShards(shards) === undefined)
    errors.push(
      invalid(`metadata.annotations[${shardsAnnotation}]`, shards, `must be a number from 1 to ${maxShards}`),
    );
  errors.push(...endpointErrors(spec.localClusterAuthEndpoint));
  (spec.agentEnvVars ?? []).forEach(({ name }, index) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      errors.push(
        invalid(`spec.agentEnvVars[${index}].name`, name, "must be a name of an environment variable"),
      );
  });
  for (const image of ["desiredAgentImage", "desiredAuthImage", "agentImageOverride"] as const) {
    const value = spec[image] ?? "";
    if (value !== "" && !isImageReference(value))
      errors.push(invalid(`spec.${image}`, value, "must be an image reference"));
  }
  const name = spec.displayName ?? "";
  if (name !== "" && clusterNameKey(name) !== clusterNameKey(old?.spec?.displayName ?? "")) {
    if (!isDnsLabel(clusterNameKey(name)))
      errors.push(invalid("spec.displayName", name, "must be letters, digits and dashes, at most 63"));
    const same = await lookupByIndex("clusters.management.cattle.io", "displayName", clusterNameKey(name));
    if (same.some((other) => other.metadata.name !== metadata.name))
      errors.push(duplicate("spec.displayName", name));
  }
  return errors;
}

function endpointErrors(endpoint: NonNullable<Cluster["spec"]>["localClusterAuthEndpoint"]): FieldError[] {
  const { fqdn = "", caCerts = "" } = endpoint ?? {};
  if (caCerts !== "" && fqdn === "")
    return [required("spec.localClusterAuthEndpoint.fqdn", "caCerts needs it")];
  if (fqdn !== "" && !/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?$/.test(fqdn))
    return [invalid("spec.localClusterAuthEndpoint.fqdn", fqdn, "must be a host name")];
  return [];
}
