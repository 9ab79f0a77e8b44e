/** management.cattle.io/v3 Preference: what a user chose in the dashboard. Its namespace is the user's. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { management } from "./group.ts";

const schema = once(() => ({ type: "object", properties: { value: string } }) as const satisfies JsonSchema);

export type Preference = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const preferences: ResourceDefinition<Preference> = {
  ...management,
  kind: "Preference",
  plural: "preferences",
  singular: "preference",
  scope: "Namespaced",
  schema,
  printerColumns: [column("Value", ".value")],
};
