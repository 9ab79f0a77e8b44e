/** Rules by schema id. */
import { clusterRegistrationTokenRules } from "./cluster-registration-tokens.ts";
import { clusterRules } from "./clusters.ts";
import type { TypeRules } from "./rules.ts";
import { settingRules } from "./settings.ts";
import { tokenRules } from "./tokens.ts";
import { userRules } from "./users.ts";

const rules: Readonly<Record<string, TypeRules>> = {
  cluster: clusterRules,
  clusterRegistrationToken: clusterRegistrationTokenRules,
  setting: settingRules,
  token: tokenRules,
  user: userRules,
};

export function rulesOf(schemaId: string): TypeRules {
  return rules[schemaId] ?? {};
}
