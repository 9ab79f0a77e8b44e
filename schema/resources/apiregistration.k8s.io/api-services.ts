/**
 * apiregistration.k8s.io/v1 APIService: one for each group and version that is served, for clients that look for what there is
 * by them. No other server is asked for anything, and so nobody but the server itself makes one.
 */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, bytes, int32, keyedList, object, string } from "../../structural/shapes.ts";
import { timeSchema } from "../times.ts";

const schema = once(() =>
  object({
    spec: object(
      {
        group: string,
        version: string,
        groupPriorityMinimum: int32,
        versionPriority: int32,
        service: object({ namespace: string, name: string, port: int32 }),
        insecureSkipTLSVerify: boolean,
        caBundle: bytes,
      },
      ["groupPriorityMinimum", "versionPriority"],
    ),
    status: object({
      conditions: keyedList(
        object(
          { type: string, status: string, lastTransitionTime: timeSchema, reason: string, message: string },
          ["type", "status"],
        ),
        "type",
      ),
    }),
  }),
);

export type APIService = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const apiServices: ResourceDefinition<APIService> = {
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  singular: "apiservice",
  categories: ["api-extensions"],
  scope: "Cluster",
  verbs: ["get", "list", "watch"],
  // That of the core group ends in a dot: `v1.`.
  nameForm: "path",
  // By whose CustomResourceDefinitions it is to go.
  indexes: { group: ({ spec }) => [spec?.group ?? ""] },
  schema,
};

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** kube-apiserver's (pkg/controlplane/apiserver, DefaultGenericAPIServicePriorities). */
const priorities: Readonly<Record<string, number>> = {
  "": 18_000,
  "apiregistration.k8s.io": 18_000,
  "events.k8s.io": 17_750,
  "authentication.k8s.io": 17_700,
  "authorization.k8s.io": 17_600,
  "rbac.authorization.k8s.io": 17_000,
  "apiextensions.k8s.io": 16_700,
  "coordination.k8s.io": 16_500,
};

/** As kube-apiserver makes it of what it serves itself. `now`: RFC 3339. */
export function apiServiceOf({ group, version }: GroupVersion, now: string): APIService {
  const priority = priorities[group];
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name: `${version}.${group}`,
      labels: {
        "kube-aggregator.kubernetes.io/automanaged": priority === undefined ? "true" : "onstart",
      },
    },
    spec: {
      ...(group === "" ? {} : { group }),
      version,
      groupPriorityMinimum: priority ?? 1_000,
      versionPriority: priority === undefined ? 100 : group === "" ? 1 : 15,
    },
    status: {
      conditions: [
        {
          type: "Available",
          status: "True",
          lastTransitionTime: now,
          reason: "Local",
          message: "Local APIServices are always available",
        },
      ],
    },
  };
}
