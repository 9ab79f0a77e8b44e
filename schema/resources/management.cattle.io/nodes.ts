/** management.cattle.io/v3 Node: a machine of a cluster, in the cluster's namespace. Kubernetes' own Node is kept inside it. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, open, string, strings, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { conditionsSchema } from "../conditions.ts";
import { management } from "./group.ts";

const schema = once(() => {
  const taints = {
    type: "array",
    items: {
      type: "object",
      properties: { key: string, value: string, effect: string, timeAdded: string },
    },
  } as const;
  const flags = { type: "object", additionalProperties: boolean } as const;
  const delta = { type: "object", properties: { add: strings, delete: flags } } as const;
  /** Quantities are numbers in what some programs write. */
  const quantities = {
    type: "object",
    additionalProperties: { "x-kubernetes-int-or-string": true },
  } as const;
  return {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          etcd: boolean,
          controlPlane: boolean,
          worker: boolean,
          customConfig: {
            type: "object",
            nullable: true,
            properties: {
              address: string,
              internalAddress: string,
              user: string,
              dockerSocket: string,
              sshKey: string,
              sshCert: string,
              label: strings,
              taints: texts,
            },
          },
          imported: boolean,
          description: string,
          displayName: string,
          requestedHostname: string,
          /** core/v1 NodeSpec. */
          internalNodeSpec: open,
          desiredNodeTaints: taints,
          updateTaintsFromAPI: boolean,
          desiredNodeUnschedulable: string,
          metadataUpdate: { type: "object", properties: { labels: delta, annotations: delta } },
          scaledownTime: string,
          nodeDrainInput: {
            type: "object",
            properties: {
              force: boolean,
              ignoreDaemonSets: boolean,
              deleteLocalData: boolean,
              gracePeriod: integer,
              timeout: integer,
            },
          },
        },
      },
      status: {
        type: "object",
        properties: {
          conditions: conditionsSchema,
          /** core/v1 NodeStatus. */
          internalNodeStatus: open,
          nodeName: string,
          requested: quantities,
          limits: quantities,
          nodeAnnotations: strings,
          nodeLabels: strings,
          nodeTaints: taints,
          /** As Docker tells it, its names in capitals. */
          dockerInfo: open,
          appliedNodeVersion: integer,
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type Node = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const nodes: ResourceDefinition<Node> = {
  ...management,
  kind: "Node",
  plural: "nodes",
  singular: "node",
  scope: "Namespaced",
  schema,
};
