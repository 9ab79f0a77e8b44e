/** management.cattle.io/v3 User (auth.md 2.5, 7.8; norman-v3.md 3.7). Passwords are Secrets, never members of a User. */
import { field } from "../../norman.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { conditionsSchema } from "../conditions.ts";
import { duplicate, forbidden, immutable, invalid } from "../names.ts";
import { hasRightsOf } from "./bound-rules.ts";
import { management, standardMethods } from "./group.ts";
import { localUserErrors } from "./local-users.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        displayName: { type: "string" },
        description: { type: "string" },
        username: { type: "string", maxLength: 256 },
        mustChangePassword: { type: "boolean" },
        principalIds: { type: "array", items: { type: "string" } },
        // Absent = true.
        enabled: { type: "boolean" },
        status: { type: "object", properties: { conditions: conditionsSchema } },
      },
    }) as const satisfies JsonSchema,
);

export type User = KubeObject & FromSchema<ReturnType<typeof schema>>;

/** Two names with the same key are the same login (CVE-2024-58260: look-alikes must not block an administrator). */
export function usernameKey(username: string): string {
  return username.normalize("NFKC").toLowerCase();
}

export const users: ResourceDefinition<User> = {
  ...management,
  kind: "User",
  plural: "users",
  singular: "user",
  // The id is the name in RBAC and in clusters: as a DNS subdomain, never one of Kubernetes' own, `system:…`.
  scope: "Cluster",
  schema,
  indexes: {
    username: ({ username = "" }) => (username === "" ? [] : [usernameKey(username)]),
    principalId: ({ principalIds = [] }) => principalIds,
  },
  unique: ["username"],
  raises: "rbac",
  mutate: ({ operation, object }) => {
    const own = `local://${object.metadata.name}`;
    const principalIds = object.principalIds ?? [];
    if (operation !== "CREATE" || principalIds.includes(own)) return object;
    return { ...object, principalIds: [own, ...principalIds] };
  },
  validate,
  norman: {
    id: "user",
    pluralName: "users",
    ...standardMethods,
    idPrefix: "u-",
    fields: {
      username: field("string", "username", "C"),
      // Stored as a Secret by the type's rules.
      password: field("password", undefined, "CW"),
      name: field("string", "displayName", "CU"),
      description: field("string", "description", "CU"),
      enabled: field("boolean", "enabled", "CU", { default: true, nullable: false }),
      mustChangePassword: field("boolean", "mustChangePassword", "CU", { default: false, nullable: false }),
      principalIds: field("array[reference[principal]]", "principalIds", "C"),
      me: field("boolean", undefined, "", { default: false, nullable: false }),
      conditions: field("array[userCondition]", "status.conditions"),
    },
    resourceActions: { setpassword: { input: "setPasswordInput", output: "user" } },
    collectionActions: { changepassword: { input: "changePasswordInput" } },
  },
};

async function validate(context: AdmissionContext<User>): Promise<FieldError[]> {
  const { operation, object, old, actor } = context;
  const errors: FieldError[] = [];
  if (actor.name === object.metadata.name) {
    if (operation === "DELETE") errors.push(forbidden("metadata.name", "you cannot delete yourself"));
    else if (object.enabled === false) errors.push(forbidden("enabled", "you cannot deactivate yourself"));
  }
  // Nobody changes or deletes a user who may do more than himself, or makes one whom bindings already wait for.
  if (!(await hasRightsOf(context, object.metadata.name)))
    errors.push(forbidden("metadata.name", "the user has rights that you do not have"));
  errors.push(...(await localUserErrors(context)));
  if (operation === "DELETE") return errors;

  errors.push(
    ...immutable(old, object, old?.username === undefined ? ["principalIds"] : ["username", "principalIds"]),
  );
  const { username = "" } = object;
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  if (/[\u0000-\u001f\u007f]/.test(username) || username.trim() !== username)
    errors.push(
      invalid("username", username, "must not hold control characters or begin or end with a blank"),
    );
  if (username !== "" && username !== old?.username) {
    const same = await context.lookupByIndex("users.management.cattle.io", "username", usernameKey(username));
    if (same.some(({ metadata }) => metadata.name !== object.metadata.name))
      errors.push(duplicate("username", username));
  }
  return errors;
}
