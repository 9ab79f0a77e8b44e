/** GlobalRoles: what every new user gets is a grant, also where the role itself stays as it is. */
import { uncovered } from "../../../../schema/rbac/covers.ts";
import { allows } from "../../../../schema/rbac/evaluate.ts";
import { rulesOfRole } from "../../../../schema/resources/management.cattle.io/bound-rules.ts";
import { globalRoles } from "../../../../schema/resources/management.cattle.io/global-roles.ts";
import type { GlobalRole } from "../../../../schema/resources/management.cattle.io/global-roles.ts";
import { failure } from "../convert.ts";
import type { TypeRules } from "./rules.ts";

export const globalRoleRules: TypeRules = {
  /**
   * The type itself judges roles that are not built in. Of built-in ones this member alone may change, and `admin` must
   * not become everyone's.
   */
  beforeChange({ identity }, object, input) {
    const role = object as GlobalRole;
    if (input?.get("newUserDefault") !== true || role.newUserDefault === true) return;
    const bind = {
      verb: "bind",
      group: globalRoles.group,
      resource: "globalroles",
      name: role.metadata.name,
    };
    if (allows(identity.rules, bind) || uncovered(identity.rules, rulesOfRole(role)).length === 0) return;
    throw failure("Forbidden", "newUserDefault", "it would give new users rights that you do not have");
  },
};
