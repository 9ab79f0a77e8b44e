/** All controllers, and the work that a change calls for. Pure: it runs inside every write. */
import type { KubeObject } from "../../schema/object.ts";
import type { WorkRow } from "../../schema/store/types.ts";
import { clusterLifecycle } from "./cluster-lifecycle/controller.ts";
import { clusterRoleAggregation } from "./cluster-role-aggregation.ts";
import type { Controller } from "./controller.ts";
import { apiServicesOfTypes } from "./custom-types/api-services.ts";
import { customInstances } from "./custom-types/instances.ts";
import { customNames } from "./custom-types/names.ts";
import { garbageCollector } from "./garbage-collector/controller.ts";
import { namespaceDefaults } from "./namespace-defaults.ts";
import { namespaceLifecycle } from "./namespace-lifecycle/controller.ts";
import { peerLinks } from "./peers.ts";
import { registrationTokens } from "./registration-tokens/controller.ts";
import { serviceAccountTokens } from "./service-account-tokens.ts";
import { tokenPurge } from "./token-purge.ts";
import { userRemoval } from "./user-removal.ts";

export const controllers: readonly Controller[] = [
  apiServicesOfTypes,
  clusterLifecycle,
  clusterRoleAggregation,
  customInstances,
  customNames,
  garbageCollector,
  namespaceDefaults,
  namespaceLifecycle,
  peerLinks,
  registrationTokens,
  serviceAccountTokens,
  tokenPurge,
  userRemoval,
];

export function workOf(
  type: string,
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  now: Date,
): WorkRow[] {
  return controllers.flatMap(({ name, watches }) =>
    watches
      .filter((watch) => watch.type === type || watch.type === "*")
      .flatMap(({ keys, dueAt }) =>
        keys(before, after).map((key) => ({
          controller: name,
          ...(typeof key === "string" ? { key } : key),
          runAt: dueAt === undefined ? now.getTime() : dueAt(after, now),
        })),
      ),
  );
}
