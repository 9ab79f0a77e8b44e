/**
 * Names that a CustomResourceDefinition lets go are taken by those that waited for them (apiextensions-apiserver,
 * NamingConditionController). Keys are groups.
 */
import type { KubeObject } from "../../../schema/object.ts";
import type { CustomResourceDefinition } from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { crdKey } from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import {
  acceptedNames,
  customResourceDefinitions,
} from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { stop } from "../controller.ts";
import type { Controller } from "../controller.ts";

export const customNames: Controller = {
  name: "custom-names",
  watches: [{ type: crdKey, keys: groupsThatLose }],
  steps: [
    {
      name: "accept names",
      async run({ store }, group) {
        const { items } = await store.list<CustomResourceDefinition>(customResourceDefinitions, {
          index: { field: "waiting", value: group },
        });
        for (const { metadata } of items) {
          // Written as it is: the type's own rules give it what is free now.
          await absentAsUndefined(store.modify(customResourceDefinitions, "", metadata.name, (crd) => crd));
        }
        return stop;
      },
    },
  ],
};

function groupsThatLose(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
  if (before === undefined) return [];
  const crd = before as CustomResourceDefinition;
  const kept = after === undefined ? [] : acceptedNames(after as CustomResourceDefinition);
  return acceptedNames(crd).every((name) => kept.includes(name)) ? [] : [crd.spec.group ?? ""];
}
