/** Where things lie on the nodes of a cluster: said once, at its creation (auth.md 7.8). Pure. */
import type { FieldError } from "../../structural/types.ts";
import { forbidden, immutable, invalid } from "../names.ts";
import type { ProvisioningCluster } from "./clusters.ts";

const names = ["k8sDistro", "provisioning", "systemAgent"] as const;
const path = "spec.rkeConfig.dataDirectories";
/** Until directories had fields, this variable named the system agent's. */
const variable = "CATTLE_AGENT_VAR_DIR";
/** What a shell, or a glob, would take for something else. */
const special = /["'`*?#~=%$|&;<>{}[\]()]/;

export function dataDirectoryErrors(
  old: ProvisioningCluster | undefined,
  object: ProvisioningCluster,
): FieldError[] {
  const { rkeConfig } = object.spec ?? {};
  if (rkeConfig === undefined || rkeConfig === null) return [];
  if (old === undefined) return newErrors(object);
  // The local cluster gets its configuration after its creation.
  const { rkeConfig: before } = old.spec ?? {};
  if (before === undefined || before === null) return [];
  return [
    ...immutable(
      before.dataDirectories ?? {},
      rkeConfig.dataDirectories ?? {},
      ["k8sDistro", "provisioning"],
      `${path}.`,
    ),
    ...agentErrors(old, object),
  ];
}

function newErrors(object: ProvisioningCluster): FieldError[] {
  const directories = object.spec?.rkeConfig?.dataDirectories ?? {};
  const named = names.flatMap((name) => {
    const directory = directories[name] ?? "";
    return directory === "" ? [] : [{ name, directory }];
  });
  const errors = named.flatMap(({ name, directory }) => {
    const problem = problemOf(directory);
    return problem === undefined ? [] : [invalid(`${path}.${name}`, directory, problem)];
  });
  if (variableOf(object) !== undefined)
    errors.push(forbidden("spec.agentEnvVars", `${variable}: use ${path}.systemAgent`));
  for (const [index, one] of named.entries())
    for (const other of named.slice(index + 1))
      if (holds(one.directory, other.directory) || holds(other.directory, one.directory))
        errors.push(
          invalid(`${path}.${other.name}`, other.directory, `must not be, hold or be in ${one.name}`),
        );
  return errors;
}

function problemOf(directory: string): string | undefined {
  if (!directory.startsWith("/")) return "must be an absolute path";
  if (special.test(directory)) return "must not hold variables, globs or shell expressions";
  if (
    directory !== "/" &&
    !directory
      .split("/")
      .slice(1)
      .every((part) => !["", ".", ".."].includes(part))
  )
    return "must be in its shortest form";
  return undefined;
}

function holds(outer: string, inner: string): boolean {
  return outer === inner || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}

/** The variable may become the field, with the same value; nothing else changes. */
function agentErrors(old: ProvisioningCluster, object: ProvisioningCluster): FieldError[] {
  const before = variableOf(old) ?? "";
  const after = variableOf(object);
  const directory = object.spec?.rkeConfig?.dataDirectories?.systemAgent ?? "";
  const field = `${path}.systemAgent`;
  if (before === "") {
    const errors: FieldError[] = [];
    if (directory !== (old.spec?.rkeConfig?.dataDirectories?.systemAgent ?? ""))
      errors.push(invalid(field, directory, "field is immutable"));
    if ((after ?? "") !== "") errors.push(forbidden("spec.agentEnvVars", `${variable} cannot be added`));
    return errors;
  }
  if (directory === "")
    return after === before ? [] : [forbidden("spec.agentEnvVars", `${variable} cannot be changed`)];
  const errors: FieldError[] = [];
  if (after !== undefined)
    errors.push(forbidden("spec.agentEnvVars", `${variable} must be removed when ${field} is set`));
  if (directory !== before) errors.push(invalid(field, directory, `must be what ${variable} was: ${before}`));
  return errors;
}

/** `undefined`: not set. */
function variableOf({ spec }: ProvisioningCluster): string | undefined {
  const found = (spec?.agentEnvVars ?? []).findLast(({ name }) => name === variable);
  return found === undefined ? undefined : (found.value ?? "");
}
