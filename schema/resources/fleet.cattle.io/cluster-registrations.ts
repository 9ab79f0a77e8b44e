/** fleet.cattle.io/v1alpha1 ClusterRegistration (fleet.md 1.6): the request of an agent that registers. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, nullable, object, strings } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { fleet, maybeString } from "./group.ts";

const schema = once(() =>
  object({
    spec: object({ clientID: maybeString, clientRandom: maybeString, clusterLabels: nullable(strings) }),
    status: object({ clusterName: maybeString, granted: boolean }),
  }),
);

export type ClusterRegistration = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterRegistrations: ResourceDefinition<ClusterRegistration> = {
  ...fleet,
  kind: "ClusterRegistration",
  plural: "clusterregistrations",
  singular: "clusterregistration",
  schema,
  printerColumns: [column("Cluster-Name", ".status.clusterName"), column("Labels", ".spec.clusterLabels")],
};
