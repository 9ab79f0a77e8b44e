/** management.cattle.io/v3 OIDCClient: who may log in through the built-in OIDC provider (auth.md 9). Secrets are elsewhere. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { management } from "./group.ts";

const schema = once(() => {
  const seconds = (value: number) =>
    ({ type: "integer", format: "int64", minimum: 1, default: value }) as const;
  return {
    type: "object",
    properties: {
      spec: {
        type: "object",
        required: ["refreshTokenExpirationSeconds", "tokenExpirationSeconds"],
        properties: {
          description: string,
          redirectURIs: texts,
          tokenExpirationSeconds: seconds(3_600),
          refreshTokenExpirationSeconds: seconds(86_400),
          scopes: texts,
        },
      },
      status: {
        type: "object",
        properties: {
          clientID: string,
          clientSecrets: {
            type: "object",
            additionalProperties: {
              type: "object",
              properties: { lastUsedAt: string, createdAt: string, lastFiveCharacters: string },
            },
          },
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type OidcClient = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const oidcClients: ResourceDefinition<OidcClient> = {
  ...management,
  kind: "OIDCClient",
  plural: "oidcclients",
  singular: "oidcclient",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Client ID", ".status.clientID"),
    column("Token Expiration", ".spec.tokenExpirationSeconds", "integer"),
    column("RefreshToken Expiration", ".spec.refreshTokenExpirationSeconds", "integer"),
  ],
};
