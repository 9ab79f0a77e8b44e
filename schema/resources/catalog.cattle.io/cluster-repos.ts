/** catalog.cattle.io/v1 ClusterRepo: where charts come from: a Helm repository, a Git repository, or an OCI registry. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, string } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { conditionsSchema } from "../conditions.ts";
import { forbidden } from "../names.ts";
import { timeSchema } from "../times.ts";
import { catalog } from "./group.ts";

const schema = once(() => {
  const secret = { type: "object", properties: { name: string, namespace: string } } as const;
  return {
    type: "object",
    required: ["spec"],
    properties: {
      spec: {
        type: "object",
        properties: {
          url: string,
          insecurePlainHttp: boolean,
          gitRepo: string,
          gitBranch: string,
          /** Seconds. */
          refreshInterval: integer,
          exponentialBackOffValues: {
            type: "object",
            properties: { minWait: integer, maxWait: integer, maxRetries: integer },
          },
          OCIOptions: { type: "object", properties: { downloadAllTags: boolean, tagFilter: string } },
          caBundle: { type: "string", format: "byte" },
          insecureSkipTLSVerify: boolean,
          clientSecret: secret,
          basicAuthSecretName: string,
          forceUpdate: timeSchema,
          serviceAccount: string,
          serviceAccountNamespace: string,
          enabled: boolean,
          disableSameOriginCheck: boolean,
          defaultImagePullSecrets: { type: "array", items: secret },
        },
      },
      status: {
        type: "object",
        required: ["observedGeneration"],
        properties: {
          observedGeneration: { type: "integer", format: "int64" },
          indexConfigMapName: string,
          indexConfigMapNamespace: string,
          indexConfigMapResourceVersion: string,
          downloadTime: timeSchema,
          url: string,
          branch: string,
          commit: string,
          conditions: conditionsSchema,
          numberOfRetries: integer,
          nextRetryAt: timeSchema,
          shouldNotSkip: boolean,
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type ClusterRepo = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterRepos: ResourceDefinition<ClusterRepo> = {
  ...catalog,
  kind: "ClusterRepo",
  plural: "clusterrepos",
  singular: "clusterrepo",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("HTTP URL", ".spec.url"),
    column("Enabled", ".spec.enabled"),
    column("Git Repo", ".spec.gitRepo"),
    column("Git Branch", ".spec.gitBranch"),
    column("Download Time", ".status.downloadTime"),
  ],
  validate,
};

function validate({ operation, object }: AdmissionContext<ClusterRepo>): FieldError[] {
  if (operation === "DELETE") return [];
  const { url = "", gitRepo = "" } = object.spec;
  return url !== "" && gitRepo !== ""
    ? [forbidden("spec.gitRepo", "a repository has a url or a gitRepo, not both")]
    : [];
}
