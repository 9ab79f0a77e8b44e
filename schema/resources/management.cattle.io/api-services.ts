/** management.cattle.io/v3 APIService: paths that Rancher hands over to a service behind a tunnel. Not apiregistration.k8s.io. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          properties: { pathPrefixes: texts, paths: texts, secretName: string, secretNamespace: string },
        },
        status: {
          type: "object",
          properties: { serviceAccountName: string, serviceAccountNamespace: string },
        },
      },
    }) as const satisfies JsonSchema,
);

export type ApiService = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const apiServices: ResourceDefinition<ApiService> = {
  ...management,
  kind: "APIService",
  plural: "apiservices",
  singular: "apiservice",
  scope: "Cluster",
  schema,
  statusSubresource: true,
};
