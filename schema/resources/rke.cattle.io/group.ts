/** What the types of rke.cattle.io/v1 share (controllers.md 5.2). */
import { once } from "../../structural/once.ts";
import {
  boolean,
  filled,
  keyedList,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
} from "../../structural/shapes.ts";
import { plainCondition } from "../conditions.ts";

/** Types that belong to one cluster: Rancher's per-cluster access goes by it. */
export const clusterIndexed = { "auth.cattle.io/cluster-indexed": "true" } as const;
/** Of a type that Cluster API works with: which version serves which of its contracts. */
export const contractLabels = {
  ...clusterIndexed,
  "cluster.x-k8s.io/v1beta1": "v1",
  "cluster.x-k8s.io/v1beta2": "v1",
} as const;

export const rke = { group: "rke.cattle.io", version: "v1", scope: "Namespaced" } as const;

export const conditions = once(() => listOf(plainCondition()));
/** Set one by one by server-side apply. */
export const keyedConditions = once(() => keyedList(plainCondition(), "type"));

export const userdata = once(() => nullable(object({ inlineUserdata: string })));
export const bootstrapSpec = once(() => object({ clusterName: string, userdata: userdata() }));
export const bootstrapStatus = once(() =>
  object({
    dataSecretName: text(1, 253),
    initialization: filled(object({ dataSecretCreated: boolean })),
    ready: boolean,
  }),
);

/** Of a machine of any infrastructure. */
export const machineAddresses = once(() =>
  listOf(
    object(
      {
        address: text(1, 256),
        type: oneOf("Hostname", "ExternalIP", "InternalIP", "ExternalDNS", "InternalDNS"),
      },
      ["address", "type"],
    ),
  ),
);
