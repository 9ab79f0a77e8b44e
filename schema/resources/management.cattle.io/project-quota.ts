/** Quotas of projects, and defaults of their namespaces and containers (webhook, Project and Namespace). Pure. */
import type { FieldError } from "../../structural/types.ts";
import { forbidden, invalid, required } from "../names.ts";
import { parseQuantity } from "../quantities.ts";

export interface QuotaLimit {
  readonly [resource: string]: string | Readonly<Record<string, string>> | undefined;
}

export interface Quotas {
  readonly resourceQuota?: { readonly limit?: QuotaLimit; readonly usedLimit?: QuotaLimit };
  readonly namespaceDefaultResourceQuota?: { readonly limit?: QuotaLimit };
}

/** A project's quota and its namespaces' default name the same resources; the default, and what is used, fit into it. */
export function quotaErrors({ resourceQuota, namespaceDefaultResourceQuota }: Quotas): FieldError[] {
  const project = "spec.resourceQuota";
  const namespace = "spec.namespaceDefaultResourceQuota";
  if (resourceQuota === undefined && namespaceDefaultResourceQuota === undefined) return [];
  if (resourceQuota === undefined) return [required(project, `with ${namespace}`)];
  if (namespaceDefaultResourceQuota === undefined) return [required(namespace, `with ${project}`)];
  const limits = flat(resourceQuota.limit);
  const defaults = flat(namespaceDefaultResourceQuota.limit);
  const used = flat(resourceQuota.usedLimit);
  const errors = [
    ...quantityErrors(limits, `${project}.limit`),
    ...quantityErrors(used, `${project}.usedLimit`),
    ...quantityErrors(defaults, `${namespace}.limit`),
  ];
  if (errors.length > 0) return errors;
  const missing = [...limits.keys()].filter((name) => !defaults.has(name));
  const surplus = [...defaults.keys()].filter((name) => !limits.has(name));
  if (missing.length > 0) return [required(`${namespace}.limit`, `it lacks ${missing.join(", ")}`)];
  if (surplus.length > 0) return [required(`${project}.limit`, `it lacks ${surplus.join(", ")}`)];
  const beyond = exceeding(defaults, limits);
  if (beyond.length > 0)
    return [forbidden(namespace, `it exceeds the project's limit of ${beyond.join(", ")}`)];
  const below = exceeding(used, limits);
  return below.length > 0 ? [forbidden(project, `it is below what is used of ${below.join(", ")}`)] : [];
}

/** Named ones, then the extended ones: of two, the named one counts. */
function flat(limit: QuotaLimit = {}): Map<string, string> {
  const { extended = {}, ...named } = limit;
  const all = new Map(typeof extended === "object" ? Object.entries(extended) : []);
  for (const [name, value] of Object.entries(named))
    if (typeof value === "string" && value !== "") all.set(name, value);
  return all;
}

function quantityErrors(limits: ReadonlyMap<string, string>, path: string): FieldError[] {
  return [...limits].flatMap(([name, value]) =>
    parseQuantity(value) === undefined ? [invalid(`${path}.${name}`, value, "must be a quantity")] : [],
  );
}

/** A negative quantity exceeds everything. */
function exceeding(wanted: ReadonlyMap<string, string>, limits: ReadonlyMap<string, string>): string[] {
  return [...wanted].flatMap(([name, value]) => {
    const asked = parseQuantity(value) ?? 0n;
    const limit = limits.get(name);
    const most = limit === undefined ? undefined : parseQuantity(limit);
    return asked < 0n || (most !== undefined && asked > most) ? [name] : [];
  });
}

export interface ContainerLimits {
  readonly requestsCpu?: string;
  readonly requestsMemory?: string;
  readonly limitsCpu?: string;
  readonly limitsMemory?: string;
}

/** Requests are never more than limits, as of a LimitRange. */
export function containerLimitErrors(limits: ContainerLimits | undefined, path: string): FieldError[] {
  if (limits === undefined) return [];
  const errors: FieldError[] = [];
  for (const name of ["requestsCpu", "requestsMemory", "limitsCpu", "limitsMemory"] as const) {
    const value = limits[name] ?? "";
    if (value !== "" && parseQuantity(value) === undefined)
      errors.push(invalid(`${path}.${name}`, value, "must be a quantity"));
  }
  if (errors.length > 0) return errors;
  for (const [request, limit] of [
    ["requestsCpu", "limitsCpu"],
    ["requestsMemory", "limitsMemory"],
  ] as const) {
    const [asked, most] = [parseQuantity(limits[request] ?? ""), parseQuantity(limits[limit] ?? "")];
    if (asked !== undefined && most !== undefined && asked > most)
      errors.push(invalid(`${path}.${request}`, limits[request], `must not be more than ${limit}`));
  }
  return errors;
}
