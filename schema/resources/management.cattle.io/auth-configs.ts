/**
 * management.cattle.io/v3 AuthConfig: how one identity provider is asked (auth.md 5.1). What a provider needs beyond the
 * common members is its own: the schema stays open, as Rancher's is.
 */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { conditionsSchema } from "../conditions.ts";
import { ldapErrors } from "./auth-configs.ldap.ts";
import { management } from "./group.ts";
import { externalProvider } from "./local-users.ts";

const schema = once(
  () =>
    ({
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      properties: {
        /** `githubConfig`, `openLdapConfig`, …: what the object is read as. */
        type: string,
        enabled: boolean,
        accessMode: string,
        allowedPrincipalIds: texts,
        logoutAllSupported: boolean,
        status: { type: "object", properties: { conditions: conditionsSchema } },
      },
    }) as const satisfies JsonSchema,
);

export type AuthConfig = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const authConfigs: ResourceDefinition<AuthConfig> = {
  ...management,
  kind: "AuthConfig",
  plural: "authconfigs",
  singular: "authconfig",
  scope: "Cluster",
  schema,
  indexes: { provider: externalProvider },
  // Where a provider's secrets are, until they are moved to Secrets of their own (auth.md 5.1).
  sensitive: [
    "/applicationSecret",
    "/clientSecret",
    "/oauthCredential",
    "/openLdapConfig",
    "/privateKey",
    "/serviceAccountCredential",
    "/serviceAccountPassword",
    "/spKey",
  ],
  validate: ({ operation, object }) => (operation === "DELETE" ? [] : ldapErrors(object)),
};
