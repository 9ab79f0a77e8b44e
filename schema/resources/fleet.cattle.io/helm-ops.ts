/** fleet.cattle.io/v1alpha1 HelmOp (fleet.md 1.9): a Bundle made of a chart. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, dateTime, nullable, object, string, strings } from "../../structural/shapes.ts";
import { bundleSpec } from "./bundle-options.ts";
import { column } from "../columns.ts";
import { duration, durationErrors, fleet, maybeString, sourceStatus, statusColumn } from "./group.ts";

const schema = once(() =>
  object({
    spec: object({
      ...bundleSpec(),
      helmSecretName: maybeString,
      insecureSkipTLSVerify: boolean,
      labels: strings,
      pollingInterval: nullable(duration),
    }),
    status: object({ ...sourceStatus(), lastPollingTriggered: dateTime, version: string }),
  }),
);

export type HelmOp = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const helmOps: ResourceDefinition<HelmOp> = {
  ...fleet,
  kind: "HelmOp",
  plural: "helmops",
  singular: "helmop",
  categories: ["fleet"],
  schema,
  printerColumns: [
    column("Repo", ".spec.helm.repo"),
    column("Chart", ".spec.helm.chart"),
    column("Version", ".status.version"),
    column("BundleDeployments-Ready", ".status.display.readyBundleDeployments"),
    statusColumn,
  ],
  validate: ({ operation, object: { spec } }) =>
    operation === "DELETE" ? [] : durationErrors({ "spec.pollingInterval": spec?.pollingInterval }),
};
