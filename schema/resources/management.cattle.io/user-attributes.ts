/**
 * management.cattle.io/v3 UserAttribute: what providers know of a user, and when he was last seen (auth.md 6.3, 6.7). Some
 * members begin with capitals: those have no JSON name in Rancher's Go types, and are stored like that.
 */
import { invalid } from "../names.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, listOf, open, string, texts } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { durationMs } from "../durations.ts";
import { canonicalTime } from "../times.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        UserName: string,
        /** Provider → principals. */
        GroupPrincipals: {
          type: "object",
          additionalProperties: { type: "object", properties: { Items: listOf(open) } },
        },
        LastRefresh: string,
        NeedsRefresh: boolean,
        /** Provider → name → values. */
        ExtraByProvider: {
          type: "object",
          additionalProperties: { type: "object", additionalProperties: texts },
        },
        lastLogin: string,
        /** Go durations since the last login: `240h`. */
        disableAfter: string,
        deleteAfter: string,
      },
    }) as const satisfies JsonSchema,
);

export type UserAttribute = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const userAttributes: ResourceDefinition<UserAttribute> = {
  ...management,
  kind: "UserAttribute",
  plural: "userattributes",
  singular: "userattribute",
  scope: "Cluster",
  schema,
  validate,
};

function validate({ operation, object }: AdmissionContext<UserAttribute>): FieldError[] {
  if (operation === "DELETE") return [];
  const errors: FieldError[] = [];
  const { lastLogin = "" } = object;
  if (lastLogin !== "" && canonicalTime(lastLogin) === undefined)
    errors.push(invalid("lastLogin", lastLogin, "must be an RFC 3339 time"));
  for (const name of ["disableAfter", "deleteAfter"] as const) {
    const value = object[name] ?? "";
    const ms = value === "" ? 0 : durationMs(value);
    if (ms === undefined || ms < 0)
      errors.push(invalid(name, value, "must be zero or a positive duration, such as 240h"));
  }
  return errors;
}
