/** management.cattle.io/v3 ManagedChart: a chart that Fleet keeps installed. What is handed on to Fleet stays as it is. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, listOf, open, string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            paused: boolean,
            chart: string,
            repoName: string,
            releaseName: string,
            version: string,
            timeoutSeconds: integer,
            values: open,
            force: boolean,
            takeOwnership: boolean,
            maxHistory: integer,
            defaultNamespace: string,
            namespace: string,
            serviceAccount: string,
            diff: open,
            rolloutStrategy: open,
            targets: listOf(open),
          },
        },
        /** fleet.cattle.io BundleStatus. */
        status: open,
      },
    }) as const satisfies JsonSchema,
);

export type ManagedChart = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const managedCharts: ResourceDefinition<ManagedChart> = {
  ...management,
  kind: "ManagedChart",
  plural: "managedcharts",
  singular: "managedchart",
  scope: "Namespaced",
  schema,
  statusSubresource: true,
};
