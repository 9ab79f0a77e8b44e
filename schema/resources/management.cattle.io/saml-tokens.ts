/** management.cattle.io/v3 SamlToken: hands the token of a SAML login to the CLI that waits for it, encrypted for it alone. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { management } from "./group.ts";

const schema = once(
  () => ({ type: "object", properties: { token: string, expiresAt: string } }) as const satisfies JsonSchema,
);

export type SamlToken = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const samlTokens: ResourceDefinition<SamlToken> = {
  ...management,
  kind: "SamlToken",
  plural: "samltokens",
  singular: "samltoken",
  scope: "Namespaced",
  schema,
  sensitive: ["/token"],
};
