/** What the types of fleet.cattle.io/v1alpha1 share (fleet.md 1). Names, limits and columns are those of Fleet's own CRDs. */
import { once } from "../../structural/once.ts";
import {
  atomic,
  boolean,
  bytes,
  integer,
  limit,
  listOf,
  mapOf,
  nullable,
  object,
  string,
  strings,
  text,
  texts,
} from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { plainCondition } from "../conditions.ts";
import { invalid } from "../names.ts";

export const fleet = {
  group: "fleet.cattle.io",
  version: "v1alpha1",
  scope: "Namespaced",
  statusSubresource: true,
} as const;

export const maybeString = nullable(string);

/** What `Ready` says. */
export const statusColumn = column("Status", '.status.conditions[?(@.type=="Ready")].message');

/** Go's duration, or 0: `1h30m`. Days and weeks are not known to it. */
const goDuration = /^(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+$/;
const unitHours = {
  ns: 1 / 3.6e12,
  us: 1 / 3.6e9,
  µs: 1 / 3.6e9,
  ms: 1 / 3.6e6,
  s: 1 / 3600,
  m: 1 / 60,
  h: 1,
};
/** What 63 bits of nanoseconds hold. */
const maxHours = 2_562_047;

export const duration = text(1, 32);

/** For each duration that is set: what is wrong with it. */
export function durationErrors(durations: Readonly<Record<string, string | null | undefined>>): FieldError[] {
  return Object.entries(durations).flatMap(([field, value]) =>
    value === undefined || value === null || value === "0" || isGoDuration(value)
      ? []
      : [invalid(field, value, "must be a duration such as 90s or 1h30m")],
  );
}

function isGoDuration(value: string): boolean {
  if (!goDuration.test(value)) return false;
  const hours = Array.from(value.matchAll(/([0-9.]+)([a-zµ]+)/g), ([, amount, unit]) =>
    unit !== undefined && unit in unitHours ? Number(amount) * unitHours[unit as keyof typeof unitHours] : 0,
  );
  return hours.reduce((sum, each) => sum + each, 0) <= maxHours;
}

/** Schemas of parts that several types have. */
export const parts = once(() => {
  const labelSelector = atomic(
    object({
      matchExpressions: listOf(object({ key: string, operator: string, values: texts }, ["key", "operator"])),
      matchLabels: strings,
    }),
  );
  const identity = {
    apiVersion: maybeString,
    kind: maybeString,
    name: maybeString,
    namespace: maybeString,
  } as const;
  const modifiedStatus = listOf(
    object({ ...identity, delete: boolean, exist: boolean, missing: boolean, patch: maybeString }),
  );
  const nonReadyStatus = listOf(
    object({
      ...identity,
      uid: maybeString,
      summary: object({ error: boolean, message: texts, state: string, transitioning: boolean }),
    }),
  );
  const summary = object({
    desiredReady: integer,
    errApplied: integer,
    modified: integer,
    nonReadyResources: nullable(
      listOf(
        object({
          bundleState: maybeString,
          message: maybeString,
          modifiedStatus: nullable(modifiedStatus),
          name: maybeString,
          nonReadyStatus: nullable(nonReadyStatus),
        }),
      ),
    ),
    notReady: integer,
    outOfSync: integer,
    pending: integer,
    ready: integer,
    waitApplied: integer,
  });
  const resourceCounts = object({
    desiredReady: integer,
    missing: integer,
    modified: integer,
    notReady: integer,
    orphaned: integer,
    ready: integer,
    unknown: integer,
    waitApplied: integer,
  });
  const match = {
    clusterGroup: maybeString,
    clusterGroupSelector: nullable(labelSelector),
    clusterName: maybeString,
    clusterSelector: nullable(labelSelector),
  } as const;
  return {
    labelSelector,
    identity,
    modifiedStatus,
    nonReadyStatus,
    summary,
    resourceCounts,
    match,
    /** Targets that choose clusters, and say nothing more. */
    targets: listOf(object({ ...match, name: maybeString })),
    conditions: listOf(plainCondition()),
    correctDrift: object({ enabled: boolean, force: boolean, keepFailHistory: boolean }),
    localReference: atomic(object({ name: { type: "string", default: "" } })),
    helmOp: object({
      helmOpCABundle: nullable(bytes),
      helmOpInsecureSkipTLSVerify: boolean,
      helmOpSecretName: string,
    }),
  } as const satisfies Record<string, JsonSchema | Record<string, JsonSchema>>;
});

/** `status` of GitRepo and HelmOp, which make Bundles, without what is only of one of them. */
export const sourceStatus = once(() => {
  const { conditions, identity, resourceCounts, summary } = parts();
  const states = object({
    missing: texts,
    modified: texts,
    notReady: texts,
    orphaned: texts,
    pending: texts,
    ready: texts,
    unknown: texts,
    waitApplied: texts,
  });
  return {
    conditions,
    desiredReadyClusters: integer,
    display: object({ error: boolean, message: string, readyBundleDeployments: string, state: string }),
    perClusterResourceCounts: mapOf(resourceCounts),
    readyClusters: integer,
    resourceCounts,
    resources: listOf(
      object(
        {
          ...identity,
          error: boolean,
          id: maybeString,
          incompleteState: boolean,
          message: maybeString,
          perClusterState: nullable(states),
          state: string,
          transitioning: boolean,
          type: string,
        },
        ["perClusterState"],
      ),
    ),
    summary,
  } as const;
});

/** A DNS subdomain that Helm takes for the name of a release. */
export const releaseName = limit(string, {
  maxLength: 53,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
});
