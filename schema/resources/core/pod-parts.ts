/** Parts of a core/v1 Pod that other types take over: where its containers run and what they get. */
import { once } from "../../structural/once.ts";
import {
  atomic,
  boolean,
  int32,
  int64,
  keyedList,
  listOf,
  mapOf,
  object,
  quantity,
  string,
  strings,
  texts,
  withDefault,
} from "../../structural/shapes.ts";

export const podParts = once(() => {
  const requirement = object({ key: string, operator: string, values: texts }, ["key", "operator"]);
  const labelSelector = atomic(object({ matchExpressions: listOf(requirement), matchLabels: strings }));
  const nodeTerm = atomic(
    object({ matchExpressions: listOf(requirement), matchFields: listOf(requirement) }),
  );
  const podTerm = object(
    {
      labelSelector,
      matchLabelKeys: texts,
      mismatchLabelKeys: texts,
      namespaceSelector: labelSelector,
      namespaces: texts,
      topologyKey: string,
    },
    ["topologyKey"],
  );
  const podAffinity = object({
    preferredDuringSchedulingIgnoredDuringExecution: listOf(
      object({ podAffinityTerm: podTerm, weight: int32 }, ["podAffinityTerm", "weight"]),
    ),
    requiredDuringSchedulingIgnoredDuringExecution: listOf(podTerm),
  });
  const affinity = object({
    nodeAffinity: object({
      preferredDuringSchedulingIgnoredDuringExecution: listOf(
        object({ preference: nodeTerm, weight: int32 }, ["preference", "weight"]),
      ),
      requiredDuringSchedulingIgnoredDuringExecution: atomic(
        object({ nodeSelectorTerms: listOf(nodeTerm) }, ["nodeSelectorTerms"]),
      ),
    }),
    podAffinity,
    podAntiAffinity: podAffinity,
  });
  const keyReference = atomic(
    object({ key: string, name: withDefault(string, ""), optional: boolean }, ["key"]),
  );
  const envVar = object(
    {
      name: string,
      value: string,
      valueFrom: object({
        configMapKeyRef: keyReference,
        fieldRef: atomic(object({ apiVersion: string, fieldPath: string }, ["fieldPath"])),
        fileKeyRef: atomic(
          object({ key: string, optional: withDefault(boolean, false), path: string, volumeName: string }, [
            "key",
            "path",
            "volumeName",
          ]),
        ),
        resourceFieldRef: atomic(
          object({ containerName: string, divisor: quantity, resource: string }, ["resource"]),
        ),
        secretKeyRef: keyReference,
      }),
    },
    ["name"],
  );
  return {
    labelSelector,
    affinity,
    envVar,
    toleration: object({
      effect: string,
      key: string,
      operator: string,
      tolerationSeconds: int64,
      value: string,
    }),
    resourceRequirements: object({
      claims: keyedList(object({ name: string, request: string }, ["name"]), "name"),
      limits: mapOf(quantity),
      requests: mapOf(quantity),
    }),
  } as const;
});
