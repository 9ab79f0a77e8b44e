/** Every declared type, found by what requests call it. Tables are built on first use (design 3). */
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { once } from "../structural/once.ts";
import { selfSubjectReviews } from "./authentication.k8s.io/self-subject-reviews.ts";
import { localSubjectAccessReviews } from "./authorization.k8s.io/local-subject-access-reviews.ts";
import { selfSubjectAccessReviews } from "./authorization.k8s.io/self-subject-access-reviews.ts";
import { selfSubjectRulesReviews } from "./authorization.k8s.io/self-subject-rules-reviews.ts";
import { subjectAccessReviews } from "./authorization.k8s.io/subject-access-reviews.ts";
import { leases } from "./coordination.k8s.io/leases.ts";
import { configMaps } from "./core/config-maps.ts";
import { events } from "./core/events.ts";
import { namespaces } from "./core/namespaces.ts";
import { secrets } from "./core/secrets.ts";
import { serviceAccounts } from "./core/service-accounts.ts";
import { clusterRegistrationTokens } from "./management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "./management.cattle.io/clusters.ts";
import { globalRoleBindings } from "./management.cattle.io/global-role-bindings.ts";
import { globalRoles } from "./management.cattle.io/global-roles.ts";
import { settings } from "./management.cattle.io/settings.ts";
import { tokens } from "./management.cattle.io/tokens.ts";
import { users } from "./management.cattle.io/users.ts";

/** A type that appears in Norman. */
export type NormanDefinition = ResourceDefinition & Required<Pick<ResourceDefinition, "norman">>;

const definitions: readonly ResourceDefinition[] = [
  clusterRegistrationTokens,
  clusters,
  configMaps,
  events,
  globalRoleBindings,
  globalRoles,
  leases,
  localSubjectAccessReviews,
  namespaces,
  secrets,
  selfSubjectAccessReviews,
  selfSubjectReviews,
  selfSubjectRulesReviews,
  serviceAccounts,
  settings,
  subjectAccessReviews,
  tokens,
  users,
];

const byKey = once(() => new Map(definitions.map((definition) => [typeKey(definition), definition])));
const norman = once(() => definitions.filter(isNorman));
const byNormanName = once(
  () =>
    new Map(
      norman().flatMap((definition): [string, NormanDefinition][] => [
        [definition.norman.id.toLowerCase(), definition],
        [definition.norman.pluralName.toLowerCase(), definition],
      ]),
    ),
);

export const registry = {
  all: (): readonly ResourceDefinition[] => definitions,
  /** `clusters.management.cattle.io`, `secrets`. */
  byTypeKey: (key: string): ResourceDefinition | undefined => byKey().get(key),
  /** `undefined` for another version too: each type has one. */
  byPlural: (group: string, version: string, plural: string): ResourceDefinition | undefined => {
    const found = byKey().get(typeKey({ group, plural }));
    return found?.version === version ? found : undefined;
  },
  /** Types of Norman's `/v3`, in the order of their schema ids. */
  norman: (): readonly NormanDefinition[] => norman(),
  /** By schema id or plural, in any case (norman-v3.md 1.1). */
  byNormanId: (idOrPlural: string): NormanDefinition | undefined =>
    byNormanName().get(idOrPlural.toLowerCase()),
} as const;

function isNorman(definition: ResourceDefinition): definition is NormanDefinition {
  return definition.norman !== undefined;
}
