/** cluster.x-k8s.io/v1beta2 MachineDrainRule: how Pods leave a Machine that goes. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { sortedJson } from "../../structural/go-format.ts";
import { once } from "../../structural/once.ts";
import { filled, int32, limit, listOf, object, oneOf } from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";
import type { FieldError } from "../../structural/types.ts";
import { duplicate } from "../names.ts";
import { ageColumn, column } from "../columns.ts";
import { capi } from "./group.ts";

const schema = once(() => {
  const { labelSelector } = podParts();
  const chosen = { minItems: 1, maxItems: 32 } as const;
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
  validate: ({ operation, object: { spec } }) =>
    operation === "DELETE"
      ? []
      : [...repeated(spec.machines, "spec.machines"), ...repeated(spec.pods, "spec.pods")],
};

/** A set of objects: the list type "set" is for scalars alone. */
function repeated(list: readonly object[] | undefined, path: string): FieldError[] {
  const texts = (list ?? []).map(sortedJson);
  return texts.flatMap((text, index) =>
    texts.indexOf(text) < index ? [duplicate(`${path}[${index}]`, list?.[index])] : [],
  );
}
