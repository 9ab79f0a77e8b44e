/** Rules for the machine pools of a cluster (auth.md 7.8). Pure. */
import type { FieldError } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";
import type { ProvisioningCluster } from "./clusters.ts";

const allowDrop = "provisioning.cattle.io/allow-dynamic-schema-drop";

type Pool = NonNullable<
  NonNullable<NonNullable<ProvisioningCluster["spec"]>["rkeConfig"]>["machinePools"]
>[number];

function poolsOf(cluster: ProvisioningCluster | undefined): readonly Pool[] {
  return cluster?.spec?.rkeConfig?.machinePools ?? [];
}

/** What the names of pools and the bounds of autoscaling may be. */
export function machinePoolErrors(
  old: ProvisioningCluster | undefined,
  object: ProvisioningCluster,
): FieldError[] {
  return poolsOf(object).flatMap((pool, index) => {
    const path = `spec.rkeConfig.machinePools[${index}]`;
    const errors = autoscalingErrors(pool, path);
    // Labels hold it. Pools from before this rule stay.
    if (old === undefined && pool.name.length > 63)
      errors.push(invalid(`${path}.name`, pool.name, "must be at most 63 characters"));
    return errors;
  });
}

function autoscalingErrors(pool: Pool, path: string): FieldError[] {
  const least = pool.autoscalingMinSize ?? undefined;
  const most = pool.autoscalingMaxSize ?? undefined;
  if (least === undefined && most === undefined) return [];
  if (least === undefined || most === undefined) {
    const missing = least === undefined ? "autoscalingMinSize" : "autoscalingMaxSize";
    return [required(`${path}.${missing}`, "the bounds of autoscaling come together")];
  }
  const errors: FieldError[] = [];
  if (least <= 0 && (pool.etcdRole === true || pool.controlPlaneRole === true))
    errors.push(invalid(`${path}.autoscalingMinSize`, least, "a pool of servers cannot shrink to nothing"));
  if (least > most) errors.push(invalid(`${path}.autoscalingMinSize`, least, `must be at most ${most}`));
  return errors;
}

/**
 * The schema that a pool's machines were made by is kept where a client sends none, unless an annotation says otherwise:
 * clients that do not know the field would change machines by leaving it out.
 */
export function keepMachineSchemas(
  old: ProvisioningCluster | undefined,
  object: ProvisioningCluster,
): ProvisioningCluster {
  const { rkeConfig } = object.spec ?? {};
  if (old === undefined || object.metadata.name === "local" || (rkeConfig ?? null) === null) return object;
  if (object.metadata.annotations?.[allowDrop] === "true") return object;
  const before = new Map(poolsOf(old).map(({ name, dynamicSchemaSpec }) => [name, dynamicSchemaSpec ?? ""]));
  const machinePools = poolsOf(object).map((pool) => {
    const kept = before.get(pool.name) ?? "";
    return kept !== "" && (pool.dynamicSchemaSpec ?? "") === "" ? { ...pool, dynamicSchemaSpec: kept } : pool;
  });
  if (machinePools.length === 0) return object;
  return { ...object, spec: { ...object.spec, rkeConfig: { ...rkeConfig, machinePools } } };
}
