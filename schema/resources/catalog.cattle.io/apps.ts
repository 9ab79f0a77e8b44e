/** catalog.cattle.io/v1 App: a Helm release, as it was found in the cluster. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, open, string, strings, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { timeSchema } from "../times.ts";
import { catalog } from "./group.ts";

const schema = once(() => {
  const maintainer = { type: "object", properties: { name: string, email: string, url: string } } as const;
  return {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          name: string,
          info: {
            type: "object",
            properties: {
              firstDeployed: timeSchema,
              lastDeployed: timeSchema,
              deleted: timeSchema,
              description: string,
              status: string,
              notes: string,
              readme: string,
            },
          },
          chart: {
            type: "object",
            properties: {
              metadata: {
                type: "object",
                properties: {
                  name: string,
                  home: string,
                  sources: texts,
                  version: string,
                  description: string,
                  keywords: texts,
                  maintainers: { type: "array", items: maintainer },
                  icon: string,
                  apiVersion: string,
                  condition: string,
                  tags: string,
                  appVersion: string,
                  deprecated: boolean,
                  annotations: strings,
                  kubeVersion: string,
                  type: string,
                },
              },
              values: open,
            },
          },
          values: open,
          resources: {
            type: "array",
            items: {
              type: "object",
              properties: { apiVersion: string, kind: string, name: string, namespace: string },
            },
          },
          /** Helm's revision of the release. */
          version: integer,
          namespace: string,
          helmVersion: integer,
        },
      },
      status: {
        type: "object",
        properties: {
          summary: { type: "object", properties: { state: string, transitioning: boolean, error: boolean } },
          observedGeneration: { type: "integer", format: "int64" },
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type App = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const apps: ResourceDefinition<App> = {
  ...catalog,
  kind: "App",
  plural: "apps",
  singular: "app",
  categories: ["catalog"],
  scope: "Namespaced",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Chart", ".spec.chart.metadata.name"),
    column("Version", ".spec.chart.metadata.version"),
    column("Release Name", ".spec.name"),
    column("Release Version", ".spec.version"),
    column("Status", ".spec.info.status"),
  ],
};
