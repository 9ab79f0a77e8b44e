/** management.cattle.io/v3 FleetWorkspace: a namespace in which Fleet's clusters and bundles are. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { forbidden, invalid, isDnsLabel } from "../names.ts";
import { isServerItself } from "../server-actor.ts";
import { management } from "./group.ts";

const schema = once(
  () => ({ type: "object", properties: { status: { type: "object" } } }) as const satisfies JsonSchema,
);

export type FleetWorkspace = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const fleetWorkspaces: ResourceDefinition<FleetWorkspace> = {
  ...management,
  kind: "FleetWorkspace",
  plural: "fleetworkspaces",
  singular: "fleetworkspace",
  scope: "Cluster",
  schema,
  validate,
};

/** Whoever makes a workspace becomes its owner: it must not be somebody's namespace (webhook, FleetWorkspace). */
async function validate({
  operation,
  object,
  actor,
  lookup,
}: AdmissionContext<FleetWorkspace>): Promise<FieldError[]> {
  if (operation !== "CREATE") return [];
  const { name } = object.metadata;
  if (!isDnsLabel(name)) return [invalid("metadata.name", name, "must be a DNS label")];
  // The server makes workspaces of the namespaces that it has made.
  if (isServerItself(actor)) return [];
  return (await lookup("namespaces", "", name)) === undefined
    ? []
    : [forbidden("metadata.name", "there is a namespace of that name already")];
}
