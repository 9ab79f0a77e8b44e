/** Users of the local provider while it is hidden behind another one (auth.md 7.8, row User; webhook, User). */
import { allows } from "../../rbac/evaluate.ts";
import type { AdmissionContext } from "../../resource.ts";
import type { FieldError } from "../../structural/types.ts";
import { forbidden } from "../names.ts";
import { isServerItself } from "../server-actor.ts";
import type { AuthConfig } from "./auth-configs.ts";
import { featureValue } from "./features.ts";
import type { Feature } from "./features.ts";
import { management } from "./group.ts";
import type { User } from "./users.ts";

/** For the index `provider` of AuthConfigs: any but the local one that is on. */
export function externalProvider({ metadata, enabled }: AuthConfig): string[] {
  return enabled === true && metadata.name !== "local" ? ["external"] : [];
}

/** They are frozen, for nobody could log in as one: none is made, and only who may manage users changes or deletes one. */
export async function localUserErrors(context: AdmissionContext<User>): Promise<FieldError[]> {
  const { operation, object, actor, lookup, lookupByIndex } = context;
  const { metadata, principalIds = [] } = object;
  if (isServerItself(actor) || principalIds.some((id) => !id.startsWith("local:"))) return [];
  const trusted = { verb: "manage-users", group: management.group, resource: "users", name: metadata.name };
  if (operation !== "CREATE" && allows(actor.rules, trusted)) return [];
  const feature: Feature | undefined = await lookup(
    "features.management.cattle.io",
    "",
    "hide-local-auth-provider",
  );
  if (feature === undefined || !featureValue(feature)) return [];
  const external = await lookupByIndex("authconfigs.management.cattle.io", "provider", "external");
  return external.length === 0
    ? []
    : [forbidden("principalIds", "local users are frozen while the local provider is hidden")];
}
