/**
 * A CustomResourceDefinition that is deleted takes its objects along (apiextensions-apiserver, CRDFinalizer): it waits for
 * their finalizers, and goes when none is left. Keys are names of CustomResourceDefinitions.
 */
import type { CustomResourceDefinition } from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import {
  crdFinalizer,
  crdKey,
} from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { customResourceDefinitions } from "../../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { proceed, stop } from "../controller.ts";
import type { Controller } from "../controller.ts";

/** Their finalizers are somebody else's work, of which nothing tells. */
const waitMs = 1_000;

export const customInstances: Controller = {
  name: "custom-instances",
  watches: [
    {
      type: crdKey,
      keys: (_before, after) => (after !== undefined && isHeldByUs(after) ? [after.metadata.name] : []),
    },
  ],
  steps: [
    {
      name: "delete instances",
      async run({ store, types }, name) {
        const crd = await absentAsUndefined(store.get(customResourceDefinitions, "", name));
        if (crd === undefined || !isHeldByUs(crd)) return stop;
        // Never established, or what stands for a declared type: nothing is stored by it.
        const type = types.byTypeKey(name);
        if (type?.custom === undefined) return proceed;
        await store.deleteCollection(type, {});
        const { texts } = await store.texts.page(type, { limit: 1 });
        if (texts.length === 0) return proceed;
        return { next: "requeue", afterMs: waitMs, reason: "objects wait for their finalizers" };
      },
    },
    {
      name: "let it go",
      async run({ store }, name) {
        await absentAsUndefined(
          store.modify<CustomResourceDefinition>(customResourceDefinitions, "", name, (crd) =>
            isHeldByUs(crd) ? withoutFinalizer(crd) : undefined,
          ),
        );
        return stop;
      },
    },
  ],
};

function isHeldByUs({ metadata }: Pick<CustomResourceDefinition, "metadata">): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(crdFinalizer);
}

function withoutFinalizer(crd: CustomResourceDefinition): CustomResourceDefinition {
  const finalizers = (crd.metadata.finalizers ?? []).filter((name) => name !== crdFinalizer);
  return { ...crd, metadata: { ...crd.metadata, finalizers } };
}
