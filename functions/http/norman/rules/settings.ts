/** Settings: what counts is shown, and what the environment fixes cannot be changed here (norman-v3.md 3.13). */
import { allows } from "../../../../schema/rbac/evaluate.ts";
import { settings } from "../../../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../../../schema/resources/management.cattle.io/settings.ts";
import { isSettingName } from "../../../settings/catalogue.ts";
import { effectiveSetting } from "../../../settings/effective.ts";
import type { EffectiveSetting } from "../../../settings/effective.ts";
import { ApiError } from "../../errors.ts";
import type { RuleContext, TypeRules } from "./rules.ts";

export const settingRules: TypeRules = {
  compute: async (context, objects) =>
    objects.map((object) => {
      const effective = effectiveOf(context, object);
      return effective === undefined ? {} : { ...effective };
    }),
  hidden: (context, object) => {
    if (isFixed(context, object)) return ["update", "remove"];
    const { group, plural } = settings;
    const { name } = object.metadata;
    const mayUpdate = allows(context.identity.rules, { verb: "update", group, resource: plural, name });
    return mayUpdate ? [] : ["update"];
  },
  beforeChange(context, object) {
    if (isFixed(context, object))
      throw new ApiError("MethodNotAllow", `setting ${object.metadata.name} is read-only`);
  },
};

/** What the environment says, and the CA: it belongs to the certificate that is served. */
function isFixed(context: RuleContext, object: Setting): boolean {
  return object.metadata.name === "cacerts" || effectiveOf(context, object)?.source === "env";
}

function effectiveOf({ c }: RuleContext, { metadata, value }: Setting): EffectiveSetting | undefined {
  return isSettingName(metadata.name) ? effectiveSetting({ ...c.env }, metadata.name, value) : undefined;
}
