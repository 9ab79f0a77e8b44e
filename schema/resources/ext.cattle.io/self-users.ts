/** ext.cattle.io/v1 SelfUser: which user am I? Answered, never stored. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string } from "../../structural/shapes.ts";
import { extension } from "./group.ts";

const schema = once(() => object({ status: object({ userID: string }) }));

export type SelfUser = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const selfUsers: ResourceDefinition<SelfUser> = {
  ...extension,
  verbs: ["create"],
  kind: "SelfUser",
  plural: "selfusers",
  singular: "selfuser",
  schema,
};
