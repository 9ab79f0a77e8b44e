/** ext.cattle.io/v1 Kubeconfig (auth.md 3.8): a view of ConfigMaps in `cattle-tokens`. Its text is in the answer to its creation alone. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, int64, object, string } from "../../structural/shapes.ts";
import { metaConditionsSchema } from "../conditions.ts";
import { configMaps } from "../core/config-maps.ts";
import { extensionTokenNamespace } from "../core/extension-tokens.ts";
import { extension } from "./group.ts";
import { kubeconfigOfRow } from "./kubeconfig-rows.ts";

const schema = once(() =>
  object({
    spec: object({
      clusters: { type: "array", items: string, "x-kubernetes-list-type": "set" },
      currentContext: string,
      description: { type: "string", maxLength: 4096 },
      // Seconds; 0: what the setting says.
      ttl: int64,
      includeDefaultEntry: boolean,
    }),
    status: object({
      conditions: {
        ...metaConditionsSchema,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
      },
      summary: string,
      tokens: { type: "array", items: string, "x-kubernetes-list-type": "atomic" },
      value: string,
    }),
  }),
);

export type Kubeconfig = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const kubeconfigs: ResourceDefinition<Kubeconfig> = {
  ...extension,
  kind: "Kubeconfig",
  plural: "kubeconfigs",
  singular: "kubeconfig",
  schema,
  view: {
    of: configMaps,
    namespace: extensionTokenNamespace,
    // What is written goes by functions/http/ext/own-store.ts, which knows who writes.
    toStored: (object) => object,
    standing: {},
    fromStored: (object) => kubeconfigOfRow(object),
    storedField: (field) => field,
    validate: () => [],
  },
};
