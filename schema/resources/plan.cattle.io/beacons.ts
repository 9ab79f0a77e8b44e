/** plan.cattle.io/v1alpha1 Beacon (controllers.md 5.2): who may write the plans of a cluster's machines. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, object, string, texts } from "../../structural/shapes.ts";
import { capiConditions } from "../cluster.x-k8s.io/group.ts";
import { column } from "../columns.ts";
import { clusterIndexed } from "../rke.cattle.io/group.ts";

const schema = once(() =>
  object({
    spec: object({}),
    status: object(
      {
        active: boolean,
        conditions: capiConditions(),
        delegates: texts,
        owner: string,
        registrationEndpoint: string,
      },
      ["active"],
    ),
  }),
);

export type Beacon = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const beacons: ResourceDefinition<Beacon> = {
  group: "plan.cattle.io",
  version: "v1alpha1",
  scope: "Namespaced",
  categories: ["planning"],
  definitionLabels: clusterIndexed,
  statusSubresource: true,
  kind: "Beacon",
  plural: "beacons",
  singular: "beacon",
  schema,
  printerColumns: [
    column("Active", ".status.active"),
    column("Registration Endpoint", ".status.registrationEndpoint"),
  ],
};
