/** upgrade.cattle.io/v1 Plan: what the system upgrade controller of a cluster runs on its nodes (controllers.md 5.10). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import {
  atomic,
  boolean,
  int32,
  int64,
  intOrString,
  integer,
  limit,
  listOf,
  object,
  oneOf,
  string,
  strings,
  texts,
  withDefault,
} from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { podParts } from "../core/pod-parts.ts";
import { keyedConditions } from "../rke.cattle.io/group.ts";

const reference = once(() => ({ name: withDefault(string, "") }));

const container = once(() => {
  const { envVar } = podParts();
  const source = atomic(object({ ...reference(), optional: boolean }));
  const profile = object({ localhostProfile: string, type: string }, ["type"]);
  return object(
    {
      args: texts,
      command: texts,
      envFrom: listOf(object({ configMapRef: source, prefix: string, secretRef: source })),
      envs: listOf(envVar),
      image: string,
      securityContext: object({
        allowPrivilegeEscalation: boolean,
        appArmorProfile: profile,
        capabilities: object({ add: texts, drop: texts }),
        privileged: boolean,
        procMount: string,
        readOnlyRootFilesystem: boolean,
        runAsGroup: int64,
        runAsNonRoot: boolean,
        runAsUser: int64,
        seLinuxOptions: object({ level: string, role: string, type: string, user: string }),
        seccompProfile: profile,
        windowsOptions: object({
          gmsaCredentialSpec: string,
          gmsaCredentialSpecName: string,
          hostProcess: boolean,
          runAsUserName: string,
        }),
      }),
      volumes: listOf(
        object({ destination: string, name: string, source: string }, ["destination", "name", "source"]),
      ),
    },
    ["image"],
  );
});

/** Each day by its number, and by its name cut to two letters, to three, or not. */
const days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"].flatMap(
  (day, index) => [String(index), day.slice(0, 2), day.slice(0, 3), day],
);

const schema = once(() => {
  const { labelSelector, toleration } = podParts();
  return object({
    spec: object(
      {
        channel: string,
        concurrency: int64,
        cordon: boolean,
        drain: object({
          deleteEmptydirData: boolean,
          deleteLocalData: boolean,
          disableEviction: boolean,
          force: boolean,
          gracePeriod: int32,
          ignoreDaemonSets: boolean,
          podSelector: labelSelector,
          skipWaitForDeleteTimeout: integer,
          timeout: intOrString,
        }),
        exclusive: boolean,
        imagePullSecrets: listOf(atomic(object(reference()))),
        jobActiveDeadlineSecs: int64,
        nodeSelector: labelSelector,
        postCompleteDelay: string,
        postCompleteLabels: strings,
        prepare: container(),
        priorityClassName: string,
        secrets: listOf(
          object({ defaultMode: int32, ignoreUpdates: boolean, name: string, path: string }, [
            "name",
            "path",
          ]),
        ),
        serviceAccountName: string,
        tolerations: listOf(toleration),
        upgrade: container(),
        version: string,
        window: object({
          days: limit(listOf(oneOf(...days)), { minItems: 1 }),
          endTime: string,
          startTime: string,
          timeZone: string,
        }),
      },
      ["upgrade"],
    ),
    status: object({
      applying: texts,
      conditions: keyedConditions(),
      latestHash: string,
      latestVersion: string,
    }),
  });
});

export type Plan = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const plans: ResourceDefinition<Plan> = {
  group: "upgrade.cattle.io",
  version: "v1",
  kind: "Plan",
  plural: "plans",
  singular: "plan",
  scope: "Namespaced",
  categories: ["upgrade"],
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Image", ".spec.upgrade.image"),
    column("Channel", ".spec.channel"),
    column("Version", ".spec.version"),
  ],
};
