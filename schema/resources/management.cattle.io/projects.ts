/** management.cattle.io/v3 Project: a set of namespaces of one cluster, in whose namespace it is (auth.md 7.5). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, strings } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { conditionsSchema } from "../conditions.ts";
import { management } from "./group.ts";

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
  printerColumns: [column("BACKINGNAMESPACE", ".status.backingNamespace"), ageColumn("AGE")],
};
