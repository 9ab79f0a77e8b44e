/** cluster.x-k8s.io/v1beta2 MachineDrainRule: how Pods leave a Machine that goes. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { filled, int32, limit, listOf, object, oneOf } from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import { ageColumn, column } from "../columns.ts";
import { capi } from "./group.ts";

const schema = once(() => {
  const { labelSelector } = podParts();
  // A set of objects: lists with the list type "set" hold scalars alone in Kubernetes, so its CRD says it by a rule.
  const chosen = { minItems: 1, maxItems: 32, uniqueItems: true } as const;
  return object(
    {
      spec: object(
        {
          drain: object({ behavior: oneOf("Drain", "Skip", "WaitCompleted"), order: int32 }, ["behavior"]),
          machines: limit(
            listOf(filled(object({ clusterSelector: labelSelector, selector: labelSelector }))),
            chosen,
          ),
          pods: limit(
            listOf(filled(object({ namespaceSelector: labelSelector, selector: labelSelector }))),
            chosen,
          ),
        },
        ["drain"],
      ),
    },
    ["spec"],
  );
});

export type MachineDrainRule = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const machineDrainRules: ResourceDefinition<MachineDrainRule> = {
  ...capi,
  kind: "MachineDrainRule",
  plural: "machinedrainrules",
  singular: "machinedrainrule",
  schema,
  printerColumns: [
    column("Behavior", ".spec.drain.behavior"),
    column("Order", ".spec.drain.order"),
    ageColumn(),
  ],
};
