/** management.cattle.io/v3 Project: a set of namespaces of one cluster, in whose namespace it is (auth.md 7.5). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, strings } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { conditionsSchema } from "../conditions.ts";
import { creatorErrors, creatorPrincipalErrors, noCreatorErrors } from "../creator.ts";
import { forbidden, invalid, required } from "../names.ts";
import { safeConcatName } from "../safe-name.ts";
import { isServerItself } from "../server-actor.ts";
import { management } from "./group.ts";
import { containerLimitErrors, quotaErrors } from "./project-quota.ts";

const schema = once(() => {
  const limit = {
    type: "object",
    properties: {
      pods: string,
      services: string,
      replicationControllers: string,
      secrets: string,
      configMaps: string,
      persistentVolumeClaims: string,
      servicesNodePorts: string,
      servicesLoadBalancers: string,
      requestsCpu: string,
      requestsMemory: string,
      requestsStorage: string,
      limitsCpu: string,
      limitsMemory: string,
      extended: strings,
    },
  } as const;
  return {
    type: "object",
    properties: {
      spec: {
        type: "object",
        required: ["clusterName", "displayName"],
        properties: {
          displayName: string,
          description: string,
          clusterName: string,
          resourceQuota: { type: "object", properties: { limit, usedLimit: limit } },
          namespaceDefaultResourceQuota: { type: "object", properties: { limit } },
          containerDefaultResourceLimit: {
            type: "object",
            properties: {
              requestsCpu: string,
              requestsMemory: string,
              limitsCpu: string,
              limitsMemory: string,
            },
          },
        },
      },
      status: { type: "object", properties: { conditions: conditionsSchema, backingNamespace: string } },
    },
  } as const satisfies JsonSchema;
});

export type Project = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const projects: ResourceDefinition<Project> = {
  ...management,
  kind: "Project",
  plural: "projects",
  singular: "project",
  scope: "Namespaced",
  schema,
  indexes: { backingNamespace: (project) => [backingNamespaceOf(project)] },
  mutate,
  validate,
  printerColumns: [column("BACKINGNAMESPACE", ".status.backingNamespace"), ageColumn("AGE")],
};

const systemLabel = "authz.management.cattle.io/system-project";
const creatorRolesAnnotation = "authz.management.cattle.io/creator-role-bindings";

/** Where its bindings and Secrets are. Projects made before 2.11 say nothing of it: theirs is called as they are. */
export function backingNamespaceOf({ status, metadata }: Pick<Project, "status" | "metadata">): string {
  return (status?.backingNamespace ?? "") === "" ? metadata.name : (status?.backingNamespace ?? "");
}

/** A new project gets a namespace of its own name, and what its creator shall be in it. Nobody chooses either. */
async function mutate({ operation, object, lookupByIndex }: AdmissionContext<Project>): Promise<Project> {
  if (operation !== "CREATE")
    return { ...object, status: { ...object.status, backingNamespace: backingNamespaceOf(object) } };
  const { metadata, spec } = object;
  const templates = await lookupByIndex("roletemplates.management.cattle.io", "creatorDefault", "project");
  const names = templates.map((template) => template.metadata.name).toSorted();
  return {
    ...object,
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        [creatorRolesAnnotation]: JSON.stringify(names.length === 0 ? {} : { required: names }),
      },
    },
    status: {
      ...object.status,
      backingNamespace: await safeConcatName(spec?.clusterName ?? "", metadata.name.toLowerCase()),
    },
  };
}

async function validate(context: AdmissionContext<Project>): Promise<FieldError[]> {
  const { operation, object, old, actor } = context;
  if (operation === "DELETE")
    // With its cluster it goes by the server.
    return object.metadata.labels?.[systemLabel] === "true" && !isServerItself(actor)
      ? [forbidden("metadata.labels", "the system project cannot be deleted")]
      : [];
  const { spec } = object;
  return [
    ...creatorErrors(old, object),
    ...noCreatorErrors(object),
    ...(await creatorPrincipalErrors(context)),
    ...(old === undefined ? await placeErrors(context) : changeErrors(object, old)),
    ...quotaErrors(spec ?? {}),
    ...containerLimitErrors(spec?.containerDefaultResourceLimit, "spec.containerDefaultResourceLimit"),
  ];
}

async function placeErrors({ object, lookup }: AdmissionContext<Project>): Promise<FieldError[]> {
  const { spec, metadata } = object;
  const clusterName = spec?.clusterName ?? "";
  if (clusterName === "") return [required("spec.clusterName")];
  if (clusterName !== metadata.namespace)
    return [invalid("spec.clusterName", clusterName, "must be the namespace")];
  if ((await lookup("clusters.management.cattle.io", "", clusterName)) === undefined)
    return [invalid("spec.clusterName", clusterName, "no such cluster")];
  const namespace = backingNamespaceOf(object);
  return (await lookup("namespaces", "", namespace)) === undefined
    ? []
    : [forbidden("metadata.name", `there is a namespace ${namespace} already`)];
}

function changeErrors(object: Project, old: Project): FieldError[] {
  const errors: FieldError[] = [];
  const clusterName = object.spec?.clusterName;
  if (clusterName !== old.spec?.clusterName)
    errors.push(invalid("spec.clusterName", clusterName, "field is immutable"));
  if (old.status?.backingNamespace !== undefined && backingNamespaceOf(old) !== backingNamespaceOf(object))
    errors.push(invalid("status.backingNamespace", backingNamespaceOf(object), "field is immutable"));
  return errors;
}
