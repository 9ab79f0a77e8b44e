/** fleet.cattle.io/v1alpha1 GitRepoRestriction (fleet.md 1.8). It has no spec. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { nullable, object, texts } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { fleet, maybeString, parts } from "./group.ts";

const schema = once(() =>
  object({
    allowedClientSecretNames: nullable(texts),
    allowedRepoPatterns: nullable(texts),
    allowedServiceAccounts: nullable(texts),
    allowedTargetNamespaceSelector: nullable(parts().labelSelector),
    allowedTargetNamespaces: nullable(texts),
    defaultClientSecretName: maybeString,
    defaultServiceAccount: maybeString,
  }),
);

export type GitRepoRestriction = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const gitRepoRestrictions: ResourceDefinition<GitRepoRestriction> = {
  ...fleet,
  kind: "GitRepoRestriction",
  plural: "gitreporestrictions",
  singular: "gitreporestriction",
  schema,
  printerColumns: [
    column("Default-ServiceAccount", ".defaultServiceAccount"),
    column("Allowed-ServiceAccounts", ".allowedServiceAccounts"),
  ],
};
