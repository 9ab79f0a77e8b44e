/** fleet.cattle.io/v1alpha1 Policy (fleet.md 1.8). It has no spec. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, nullable, object, string, texts } from "../../structural/shapes.ts";
import { fleet } from "./group.ts";

const schema = once(() =>
  object({
    allowNamespaceCreation: boolean,
    allowedServiceAccounts: nullable(texts),
    gitRepo: object({
      allowedClientSecretNames: nullable(texts),
      allowedRepoPatterns: nullable(texts),
      defaultClientSecretName: string,
      defaultServiceAccount: string,
    }),
    helmOp: object({
      allowedChartPatterns: nullable(texts),
      allowedHelmRepoPatterns: nullable(texts),
      allowedHelmSecretNames: nullable(texts),
      defaultHelmSecretName: string,
      defaultServiceAccount: string,
    }),
    requireServiceAccount: boolean,
  }),
);

export type FleetPolicy = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const fleetPolicies: ResourceDefinition<FleetPolicy> = {
  ...fleet,
  kind: "Policy",
  plural: "policies",
  singular: "policy",
  schema,
  statusSubresource: false,
};
