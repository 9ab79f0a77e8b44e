/** rke.cattle.io/v1 CustomMachine (controllers.md 5.3): a machine that its owner brought. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, filled, nullable, object, string } from "../../structural/shapes.ts";
import { conditions, contractLabels, machineAddresses, rke } from "./group.ts";

const schema = once(() =>
  object({
    spec: object({ providerID: nullable(string) }),
    status: object({
      addresses: machineAddresses(),
      conditions: conditions(),
      initialization: filled(object({ provisioned: boolean })),
      ready: boolean,
    }),
  }),
);

export type CustomMachine = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const customMachines: ResourceDefinition<CustomMachine> = {
  ...rke,
  kind: "CustomMachine",
  plural: "custommachines",
  singular: "custommachine",
  schema,
  definitionLabels: contractLabels,
  statusSubresource: true,
};
