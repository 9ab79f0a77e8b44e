/** Settings: what counts is shown, and what the environment fixes cannot be changed here (norman-v3.md 3.13). */
import type { Setting } from "../../../../schema/resources/management.cattle.io/settings.ts";
import { isSettingName } from "../../../settings/catalogue.ts";
import { effectiveSetting } from "../../../settings/effective.ts";
import type { EffectiveSetting } from "../../../settings/effective.ts";
import { forgetSettings } from "../../../settings/settings.ts";
import { ApiError } from "../../errors.ts";
import type { RuleContext, TypeRules } from "./rules.ts";

export const settingRules: TypeRules = {
  compute: async (context, objects) =>
    objects.map((object) => {
      const effective = effectiveOf(context, object as Setting);
      return effective === undefined ? {} : { ...effective };
    }),
  hidden: (context, object) => (effectiveOf(context, object as Setting)?.source === "env" ? ["update"] : []),
  beforeUpdate(context, object) {
    if (effectiveOf(context, object as Setting)?.source === "env")
      throw new ApiError("MethodNotAllow", `setting ${object.metadata.name} is fixed by the server's environment`);
  },
  afterWrite: forgetSettings,
};

function effectiveOf({ c }: RuleContext, { metadata, value }: Setting): EffectiveSetting | undefined {
  return isSettingName(metadata.name) ? effectiveSetting({ ...c.env }, metadata.name, value) : undefined;
}
