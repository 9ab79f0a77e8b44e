/** APIServices follow what is served: users' types come and go with their CustomResourceDefinitions. Keys are groups. */
import type { KubeObject } from "../../../schema/object.ts";
import type { Registry } from "../../../schema/custom/registry.ts";
import { apiServiceOf, apiServices } from "../../../schema/resources/apiregistration.k8s.io/api-services.ts";
import type { APIService } from "../../../schema/resources/apiregistration.k8s.io/api-services.ts";
import {
  builtInAnnotation,
  crdKey,
} from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import type { CustomResourceDefinition } from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { timestamp } from "../../../schema/store/metadata.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { absentAsUndefined, unless } from "../../store/absent.ts";
import { stop } from "../controller.ts";
import type { Controller } from "../controller.ts";

export const apiServicesOfTypes: Controller = {
  name: "api-services",
  watches: [{ type: crdKey, keys: groupOf }],
  steps: [
    {
      name: "follow what is served",
      async run({ store, types, now }, group) {
        const { items } = await store.list<APIService>(apiServices, {
          index: { field: "group", value: group },
        });
        await followTypes(store, types, items, now(), (of) => of === group);
        return stop;
      },
    },
  ],
};

/** Makes what is missing of the groups that `concerns`, and deletes what is served no more. `present`: of these groups. */
export async function followTypes(
  store: BoundStore,
  types: Registry,
  present: readonly APIService[],
  now: Date,
  concerns: (group: string) => boolean,
): Promise<void> {
  const served = types.all().filter(({ group }) => concerns(group));
  const wanted = new Map(
    served.map((type) => {
      const service = apiServiceOf(type, timestamp(now));
      return [service.metadata.name, service];
    }),
  );
  const known = new Set(present.map(({ metadata }) => metadata.name));
  for (const [name, service] of wanted)
    if (!known.has(name)) await unless("AlreadyExists", store.create(apiServices, service));
  for (const name of known)
    if (!wanted.has(name)) await absentAsUndefined(store.delete(apiServices, "", name));
}

/** What stands for declared types changes nothing: those are served anyway. */
function groupOf(before: KubeObject | undefined, after: KubeObject | undefined): string[] {
  const crd = (after ?? before) as CustomResourceDefinition | undefined;
  if (crd === undefined || crd.metadata.annotations?.[builtInAnnotation] !== undefined) return [];
  return [crd.spec.group ?? ""];
}
