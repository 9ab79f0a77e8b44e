/** What the types of cluster.x-k8s.io/v1beta2 share. Names and limits are those of Cluster API's own CRDs. */
import type { PrinterColumn } from "../../resource.ts";
import { once } from "../../structural/once.ts";
import {
  anything,
  dateTime,
  filled,
  int32,
  int64,
  intOrString,
  keyedList,
  limit,
  listOf,
  object,
  oneOf,
  string,
  strings,
  text,
} from "../../structural/shapes.ts";
import type { FieldError } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { invalid } from "../names.ts";
import { clusterIndexed } from "../rke.cattle.io/group.ts";

export const capi = {
  group: "cluster.x-k8s.io",
  version: "v1beta2",
  scope: "Namespaced",
  categories: ["cluster-api"],
  definitionLabels: clusterIndexed,
} as const;

/** The status of a condition. */
export function conditionColumn(name: string, type: string, priority?: number): PrinterColumn {
  const path = `.status.conditions[?(@.type=="${type}")].status`;
  return priority === undefined ? column(name, path) : { ...column(name, path), priority };
}

export const pausedColumn = conditionColumn("Paused", "Paused", 10);

const subdomain = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const conditionType =
  "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";

export const count = limit(int32, { minimum: 0 });
export const generation = limit(int64, { minimum: 1 });
/** Of an object. */
export const objectName = limit(text(1, 253), { pattern: subdomain });
/** Of a part of a topology. */
export const partName = limit(text(1, 63), { pattern: subdomain });
export const clusterName = text(1, 63);
export const version = text(1, 256);
const kind = limit(text(1, 63), { pattern: "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$" });
const conditionStatus = oneOf("True", "False", "Unknown");

/** metav1.Condition. */
export const capiConditions = once(() =>
  keyedList(
    object(
      {
        lastTransitionTime: dateTime,
        message: limit(string, { maxLength: 32_768 }),
        observedGeneration: limit(int64, { minimum: 0 }),
        reason: limit(text(1, 1024), { pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" }),
        status: conditionStatus,
        type: limit(string, { maxLength: 316, pattern: conditionType }),
      },
      ["lastTransitionTime", "message", "reason", "status", "type"],
    ),
    "type",
  ),
);

export const conditions = once(() => limit(capiConditions(), { maxItems: 32 }));

export const contractReference = once(() =>
  object({ apiGroup: objectName, kind, name: objectName }, ["apiGroup", "kind", "name"]),
);

export const replicaVersions = once(() =>
  limit(listOf(object({ replicas: limit(int32, { minimum: 1 }), version }, ["version"])), {
    minItems: 1,
    maxItems: 32,
  }),
);
export const keyedVersions = once(() =>
  limit(keyedList(object({ replicas: limit(int32, { minimum: 1 }), version }, ["version"]), "version"), {
    minItems: 1,
    maxItems: 100,
  }),
);

/** What v1beta1 said, as long as clients ask for it. */
export const deprecated = once(() => ({
  conditions: listOf(
    object(
      {
        lastTransitionTime: dateTime,
        message: text(1, 10_240),
        reason: text(1, 256),
        severity: limit(string, { maxLength: 32 }),
        status: string,
        type: text(1, 256),
      },
      ["lastTransitionTime", "status", "type"],
    ),
  ),
  failureMessage: text(1, 10_240),
  failureReason: string,
}));

export const templateMetadata = once(() => filled(object({ annotations: strings, labels: strings })));

export const taints = once(() =>
  limit(
    keyedList(
      object(
        {
          effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute"),
          key: limit(text(1, 317), {
            pattern:
              "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$",
          }),
          propagation: oneOf("Always", "OnInitialization"),
          value: limit(text(1, 63), { pattern: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$" }),
        },
        ["effect", "key", "propagation"],
      ),
      "key",
      "effect",
    ),
    { minItems: 1, maxItems: 64 },
  ),
);

export const gates = once(() =>
  limit(
    keyedList(
      object(
        {
          conditionType: limit(text(1, 316), { pattern: conditionType }),
          polarity: oneOf("Positive", "Negative"),
        },
        ["conditionType"],
      ),
      "conditionType",
    ),
    { minItems: 1, maxItems: 32 },
  ),
);

const deletionTimeouts = {
  nodeDeletionTimeoutSeconds: count,
  nodeDrainTimeoutSeconds: count,
  nodeVolumeDetachTimeoutSeconds: count,
} as const;
const deletionOrder = oneOf("Random", "Newest", "Oldest");

export const machineDeletion = once(() => filled(object(deletionTimeouts)));
export const orderedDeletion = once(() => filled(object({ order: deletionOrder })));
export const topologyDeletion = once(() => filled(object({ ...deletionTimeouts, order: deletionOrder })));

export const rollout = once(() =>
  filled(
    object({
      after: dateTime,
      strategy: filled(
        object(
          {
            rollingUpdate: filled(object({ maxSurge: intOrString, maxUnavailable: intOrString })),
            type: oneOf("RollingUpdate", "OnDelete"),
          },
          ["type"],
        ),
      ),
    }),
  ),
);

const unhealthyList = { minItems: 1, maxItems: 100 } as const;

/** When a machine counts as unhealthy. */
export const healthChecks = once(() =>
  filled(
    object({
      nodeStartupTimeoutSeconds: count,
      unhealthyMachineConditions: limit(
        listOf(
          object(
            {
              status: conditionStatus,
              timeoutSeconds: count,
              type: limit(text(1, 316), { pattern: conditionType }),
            },
            ["status", "timeoutSeconds", "type"],
          ),
        ),
        unhealthyList,
      ),
      unhealthyNodeConditions: limit(
        listOf(
          object({ status: text(1), timeoutSeconds: count, type: text(1) }, [
            "status",
            "timeoutSeconds",
            "type",
          ]),
        ),
        unhealthyList,
      ),
    }),
  ),
);

const ownConditions = [
  "Ready",
  "Available",
  "HealthCheckSucceeded",
  "OwnerRemediated",
  "ExternallyRemediated",
];

/** Conditions that health checks themselves decide cannot be what they go by. */
export function healthCheckErrors(
  checks: { readonly unhealthyMachineConditions?: readonly { readonly type: string }[] } | undefined,
  path: string,
): FieldError[] {
  return (checks?.unhealthyMachineConditions ?? []).flatMap(({ type }, index) =>
    ownConditions.includes(type)
      ? [
          invalid(
            `${path}.unhealthyMachineConditions[${index}].type`,
            type,
            `must not be one of ${ownConditions.join(", ")}`,
          ),
        ]
      : [],
  );
}

export const remediationParts = once(() => ({
  templateRef: object(
    {
      apiVersion: limit(text(1, 317), {
        pattern:
          "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[a-z]([-a-z0-9]*[a-z0-9])?$",
      }),
      kind,
      name: objectName,
    },
    ["apiVersion", "kind", "name"],
  ),
  triggerIf: filled(
    object({
      unhealthyInRange: limit(text(1, 32), { pattern: "^\\[[0-9]+-[0-9]+\\]$" }),
      unhealthyLessThanOrEqualTo: intOrString,
    }),
  ),
}));

export const variables = once(() =>
  limit(keyedList(object({ name: text(1, 256), value: anything }, ["name", "value"]), "name"), {
    minItems: 1,
    maxItems: 1000,
  }),
);

export const controlPlaneEndpoint = once(() =>
  filled(object({ host: text(1, 512), port: limit(int32, { minimum: 1, maximum: 65_535 }) })),
);

export const machineSpec = once(() =>
  object(
    {
      bootstrap: object({ configRef: contractReference(), dataSecretName: text(0, 253) }),
      clusterName,
      deletion: machineDeletion(),
      failureDomain: text(1, 256),
      infrastructureRef: contractReference(),
      minReadySeconds: count,
      providerID: text(1, 512),
      readinessGates: gates(),
      taints: taints(),
      version,
    },
    ["bootstrap", "clusterName", "infrastructureRef"],
  ),
);

export const machineTemplate = once(() =>
  object({ metadata: templateMetadata(), spec: machineSpec() }, ["spec"]),
);

export const machineNaming = once(() => filled(object({ template: text(1, 256) })));
/** Replicas of a set of machines as its status counts them. */
export const replicaCounts = {
  availableReplicas: int32,
  readyReplicas: int32,
  replicas: int32,
  upToDateReplicas: int32,
} as const;

/** `/scale` of MachineSets and MachineDeployments. */
export const replicaScale = {
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
  labelSelectorPath: ".status.selector",
} as const;
