/** ui.cattle.io/v1 NavLink: an entry of the dashboard's navigation. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: {
            label: string,
            description: string,
            sideLabel: string,
            iconSrc: string,
            group: string,
            target: string,
            toURL: string,
            toService: {
              type: "object",
              required: ["name", "namespace"],
              properties: {
                namespace: string,
                name: string,
                scheme: { type: "string", enum: ["http", "https"], default: "http" },
                port: { "x-kubernetes-int-or-string": true },
                path: string,
              },
            },
          },
        },
      },
    }) as const satisfies JsonSchema,
);

export type NavLink = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const navLinks: ResourceDefinition<NavLink> = {
  group: "ui.cattle.io",
  version: "v1",
  kind: "NavLink",
  plural: "navlinks",
  singular: "navlink",
  scope: "Cluster",
  schema,
};
