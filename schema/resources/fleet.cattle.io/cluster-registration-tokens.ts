/** fleet.cattle.io/v1alpha1 ClusterRegistrationToken (fleet.md 1.6). Not that of management.cattle.io. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { dateTime, nullable, object } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { duration, durationErrors, fleet, maybeString } from "./group.ts";

const schema = once(() =>
  object({
    spec: object({ ttl: nullable(duration) }),
    status: object({ expires: dateTime, secretName: maybeString }),
  }),
);

export type FleetClusterRegistrationToken = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const fleetClusterRegistrationTokens: ResourceDefinition<FleetClusterRegistrationToken> = {
  ...fleet,
  kind: "ClusterRegistrationToken",
  plural: "clusterregistrationtokens",
  singular: "clusterregistrationtoken",
  schema,
  printerColumns: [column("Secret-Name", ".status.secretName")],
  validate: ({ operation, object: { spec } }) =>
    operation === "DELETE" ? [] : durationErrors({ "spec.ttl": spec?.ttl }),
};
