/** What Rancher's webhook sees to for Namespaces (auth.md 7.7, 7.8): projects, Pod Security, container defaults. */
import { allows } from "../../rbac/evaluate.ts";
import type { ResourceAttributes } from "../../rbac/types.ts";
import type { AdmissionContext } from "../../resource.ts";
import type { FieldError } from "../../structural/types.ts";
import { containerLimitErrors } from "../management.cattle.io/project-quota.ts";
import { forbidden, invalid } from "../names.ts";
import { isServerItself } from "../server-actor.ts";

/** `<cluster>:<project>`. */
const projectAnnotation = "field.cattle.io/projectId";
const limitAnnotation = "field.cattle.io/containerDefaultResourceLimit";
const securityLabels = ["enforce", "audit", "warn"].flatMap((mode) => [
  `pod-security.kubernetes.io/${mode}`,
  `pod-security.kubernetes.io/${mode}-version`,
]);

type Context = Pick<AdmissionContext, "object" | "old" | "actor">;

export function namespaceRuleErrors(context: Context): FieldError[] {
  return [...limitErrors(context), ...projectErrors(context), ...securityErrors(context)];
}

/** A namespace in a project is open to the project's members: who moves one there must be trusted with that. */
function projectErrors({ object, old, actor }: Context): FieldError[] {
  const field = `metadata.annotations[${projectAnnotation}]`;
  const value = object.metadata.annotations?.[projectAnnotation] ?? "";
  if (value === "" || value === old?.metadata.annotations?.[projectAnnotation]) return [];
  const project = projectOf(value);
  if (project === undefined) return [invalid(field, value, "must be <cluster>:<project>")];
  if (isServerItself(actor) || allows(actor.rules, onProject("manage-namespaces", project))) return [];
  return [forbidden(field, `needs the verb manage-namespaces on the project ${value}`)];
}

/** These labels decide what pods may do on a node: setting, changing and taking them off need the verb updatepsa. */
function securityErrors({ object, old, actor }: Context): FieldError[] {
  if (isServerItself(actor)) return [];
  const changed = securityLabels.filter(
    (label) => object.metadata.labels?.[label] !== old?.metadata.labels?.[label],
  );
  const [first] = changed;
  if (first === undefined) return [];
  const project = projectOf(object.metadata.annotations?.[projectAnnotation] ?? "");
  return allows(actor.rules, onProject("updatepsa", project))
    ? []
    : [
        forbidden(
          `metadata.labels[${first}]`,
          "needs the verb updatepsa on the namespace's project, or on all",
        ),
      ];
}

function limitErrors({ object, old }: Context): FieldError[] {
  const field = `metadata.annotations[${limitAnnotation}]`;
  const text = object.metadata.annotations?.[limitAnnotation] ?? "";
  if (text === "" || text === old?.metadata.annotations?.[limitAnnotation]) return [];
  let limits: unknown;
  try {
    limits = JSON.parse(text);
  } catch {
    return [invalid(field, text, "must be JSON")];
  }
  if (typeof limits !== "object" || limits === null || Array.isArray(limits))
    return [invalid(field, text, "must be a JSON object")];
  if (!Object.values(limits).every((value) => typeof value === "string"))
    return [invalid(field, text, "must have texts as members")];
  return containerLimitErrors(limits, field);
}

interface ProjectId {
  readonly namespace: string;
  readonly name: string;
}

function projectOf(value: string): ProjectId | undefined {
  const [namespace = "", name = "", ...rest] = value.split(":");
  return namespace === "" || name === "" || rest.length > 0 ? undefined : { namespace, name };
}

function onProject(verb: string, project: ProjectId | undefined): ResourceAttributes {
  return { verb, group: "management.cattle.io", resource: "projects", ...project };
}
