/** ext.cattle.io/v1 Token (auth.md 3.7): a view of Secrets in `cattle-tokens`. The secret is in the answer to its creation alone. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, int64, object, string } from "../../structural/shapes.ts";
import { extensionTokenNamespace } from "../core/extension-tokens.ts";
import { secrets } from "../core/secrets.ts";
import { timeSchema } from "../times.ts";
import { extension } from "./group.ts";
import { tokenOfSecret } from "./token-rows.ts";

const schema = once(() =>
  object({
    spec: object({
      userID: string,
      userPrincipal: object({
        name: string,
        displayName: string,
        loginName: string,
        profilePicture: string,
        profileURL: string,
        principalType: string,
        me: boolean,
        memberOf: boolean,
        provider: string,
        extraInfo: { type: "object", additionalProperties: string },
      }),
      // A label's value.
      kind: { type: "string", maxLength: 63, pattern: "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$" },
      description: { type: "string", maxLength: 4096 },
      // Milliseconds from creation; below 0: never expires; 0: what the setting says.
      ttl: int64,
      enabled: boolean,
      clusterName: string,
    }),
    status: object({
      value: string,
      bearerToken: string,
      hash: string,
      current: boolean,
      expired: boolean,
      expiresAt: string,
      lastUpdateTime: string,
      lastUsedAt: timeSchema,
      lastActivitySeen: timeSchema,
    }),
  }),
);

export type ExtensionToken = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const tokens: ResourceDefinition<ExtensionToken> = {
  ...extension,
  kind: "Token",
  plural: "tokens",
  singular: "token",
  schema,
  view: {
    of: secrets,
    namespace: extensionTokenNamespace,
    // What is written goes by functions/http/ext/own-store.ts, which knows who writes.
    toStored: (object) => object,
    standing: {},
    fromStored: (object) => tokenOfSecret(object),
    storedField: (field) => field,
    validate: () => [],
  },
};
