/** How a bundle is deployed (fleet.md 1.4), and the spec of Bundle and HelmOp that holds it. */
import { once } from "../../structural/once.ts";
import {
  boolean,
  int64,
  intOrString,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  open,
  string,
  strings,
  texts,
  withDefault,
} from "../../structural/shapes.ts";
import { maybeString, parts, releaseName } from "./group.ts";

export const deploymentOptions = once(() => {
  const { correctDrift, identity, labelSelector } = parts();
  const keySource = nullable(object({ key: maybeString, name: maybeString, namespace: maybeString }));
  const helm = object({
    atomic: boolean,
    chart: maybeString,
    disableDNS: boolean,
    disableDependencyUpdate: boolean,
    disablePreProcess: boolean,
    force: boolean,
    maxHistory: integer,
    releaseName: nullable(releaseName),
    repo: maybeString,
    skipSchemaValidation: boolean,
    takeOwnership: boolean,
    templateValues: nullable(strings),
    timeoutSeconds: integer,
    values: nullable(open),
    valuesFiles: nullable(texts),
    valuesFrom: nullable(listOf(object({ configMapKeyRef: keySource, secretKeyRef: keySource }))),
    version: maybeString,
    waitForJobs: boolean,
  });
  const operations = listOf(object({ op: maybeString, path: maybeString, value: maybeString }));
  return {
    allowedTargetNamespaceSelector: nullable(labelSelector),
    correctDrift,
    createNamespace: nullable(boolean),
    defaultNamespace: maybeString,
    deleteCRDResources: boolean,
    deleteNamespace: boolean,
    diff: nullable(
      object({
        comparePatches: nullable(
          listOf(object({ ...identity, jsonPointers: nullable(texts), operations: nullable(operations) })),
        ),
      }),
    ),
    downstreamResources: listOf(object({ kind: string, name: string })),
    forceSyncGeneration: int64,
    helm,
    ignore: nullable(object({ conditions: nullable(listOf(strings)) })),
    keepResources: boolean,
    kustomize: nullable(object({ dir: maybeString })),
    namespace: maybeString,
    namespaceAnnotations: nullable(strings),
    namespaceLabels: nullable(strings),
    overwrites: listOf(object({ kind: string, name: string, namespace: string })),
    serviceAccount: maybeString,
    yaml: nullable(object({ overlays: nullable(texts) })),
  } as const;
});

export const dependsOn = once(() =>
  listOf(
    object({
      acceptedStates: nullable(texts),
      name: maybeString,
      selector: nullable(parts().labelSelector),
    }),
  ),
);

export const bundleSpec = once(() => {
  const { helmOp, labelSelector, match, targets } = parts();
  const partition = object({
    clusterGroup: string,
    clusterGroupSelector: nullable(labelSelector),
    clusterName: string,
    clusterSelector: labelSelector,
    maxUnavailable: intOrString,
    name: maybeString,
  });
  return {
    ...deploymentOptions(),
    contentsId: maybeString,
    dependsOn: nullable(dependsOn()),
    helmOpOptions: nullable(helmOp),
    paused: boolean,
    resources: nullable(listOf(object({ content: maybeString, encoding: maybeString, name: maybeString }))),
    rolloutStrategy: nullable(
      object({
        autoPartitionSize: nullable(intOrString),
        autoPartitionThreshold: nullable(integer),
        maxNew: nullable(integer),
        maxUnavailable: nullable(intOrString),
        maxUnavailablePartitions: nullable(intOrString),
        partitions: nullable(listOf(partition)),
      }),
    ),
    targetCustomizationMode: withDefault(oneOf("FirstMatch", "AllMatches"), "FirstMatch"),
    targetRestrictions: targets,
    targets: listOf(object({ ...deploymentOptions(), ...match, doNotDeploy: boolean, name: string })),
    valuesHash: string,
  } as const;
});
