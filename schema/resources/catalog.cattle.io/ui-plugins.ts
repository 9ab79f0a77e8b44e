/** catalog.cattle.io/v1 UIPlugin: an extension of the dashboard, and where its files are. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { integer, string, strings } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { timeSchema } from "../times.ts";
import { catalog } from "./group.ts";

const schema = once(() => {
  const off = { type: "boolean", default: false } as const;
  return {
    type: "object",
    required: ["spec"],
    properties: {
      spec: {
        type: "object",
        properties: {
          plugin: {
            type: "object",
            properties: {
              name: string,
              version: string,
              endpoint: string,
              compressedEndpoint: string,
              noCache: off,
              /** Served to who is not logged in, too. */
              noAuth: off,
              metadata: strings,
            },
          },
        },
      },
      status: {
        type: "object",
        required: ["observedGeneration"],
        properties: {
          observedGeneration: { type: "integer", format: "int64" },
          cacheState: { type: "string", nullable: true },
          error: string,
          ready: off,
          retryNumber: integer,
          retryAt: timeSchema,
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type UiPlugin = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const uiPlugins: ResourceDefinition<UiPlugin> = {
  ...catalog,
  kind: "UIPlugin",
  plural: "uiplugins",
  singular: "uiplugin",
  scope: "Namespaced",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Plugin Name", ".spec.plugin.name"),
    column("Version", ".spec.plugin.version"),
    column("State", ".status.cacheState"),
  ],
};
