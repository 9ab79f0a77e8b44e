/** fleet.cattle.io/v1alpha1 BundleDeployment (fleet.md 1.3): a Bundle for one cluster, in the cluster's namespace. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, dateTime, int64, listOf, nullable, object } from "../../structural/shapes.ts";
import { dependsOn, deploymentOptions } from "./bundle-options.ts";
import { column } from "../columns.ts";
import { fleet, maybeString, parts, statusColumn } from "./group.ts";

const schema = once(() => {
  const { conditions, correctDrift, helmOp, identity, modifiedStatus, nonReadyStatus, resourceCounts } =
    parts();
  return object({
    spec: object({
      correctDrift,
      dependsOn: nullable(dependsOn()),
      deploymentID: maybeString,
      downstreamResourcesGeneration: int64,
      helmChartOptions: helmOp,
      ociContents: boolean,
      offSchedule: boolean,
      options: object(deploymentOptions()),
      paused: boolean,
      stagedDeploymentID: maybeString,
      stagedOptions: object(deploymentOptions()),
      valuesHash: maybeString,
      waitingForValues: boolean,
    }),
    status: object({
      appliedDeploymentID: maybeString,
      conditions: nullable(conditions),
      display: nullable(object({ deployed: maybeString, monitored: maybeString, state: maybeString })),
      downstreamResourcesGeneration: int64,
      incompleteState: boolean,
      modifiedStatus: nullable(modifiedStatus),
      nonModified: boolean,
      nonReadyStatus: nullable(nonReadyStatus),
      ready: boolean,
      release: maybeString,
      resourceCounts,
      resources: nullable(listOf(object({ ...identity, createdAt: nullable(dateTime) }))),
      syncGeneration: nullable(int64),
    }),
  });
});

export type BundleDeployment = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const bundleDeployments: ResourceDefinition<BundleDeployment> = {
  ...fleet,
  kind: "BundleDeployment",
  plural: "bundledeployments",
  singular: "bundledeployment",
  schema,
  printerColumns: [
    column("Deployed", ".status.display.deployed"),
    column("Monitored", ".status.display.monitored"),
    statusColumn,
  ],
};
