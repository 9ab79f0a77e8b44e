/** rke.cattle.io/v1 RKECluster (controllers.md 5.2): Cluster API's infrastructure of an RKE2 or K3s cluster. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, filled, int32, limit, object, text } from "../../structural/shapes.ts";
import { conditions, contractLabels, rke } from "./group.ts";

const schema = once(() =>
  object(
    {
      spec: object({
        controlPlaneEndpoint: filled(
          object({ host: text(1, 512), port: limit(int32, { minimum: 1, maximum: 65_535 }) }),
        ),
      }),
      status: object({
        conditions: conditions(),
        initialization: filled(object({ provisioned: boolean })),
        ready: boolean,
      }),
    },
    ["spec"],
  ),
);

export type RKECluster = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const rkeClusters: ResourceDefinition<RKECluster> = {
  ...rke,
  kind: "RKECluster",
  plural: "rkeclusters",
  singular: "rkecluster",
  schema,
  categories: ["cluster-api"],
  definitionLabels: contractLabels,
  statusSubresource: true,
};
