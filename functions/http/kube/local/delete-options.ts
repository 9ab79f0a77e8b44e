/** metav1.DeleteOptions, from the body or from query parameters. */
import type { Propagation, PropagationPolicy } from "../../../../schema/store/propagation.ts";
import { invalid, notSupported } from "../../../../schema/resources/names.ts";
import { ApiError } from "../../errors.ts";
import { invalidOptions } from "./write-options.ts";
import { readOptionalObject } from "./request-body.ts";

export interface DeleteOptions extends Propagation {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

/**
 * Throws `BadRequest` for what cannot be read, `Invalid` for what makes no sense. A grace period is for types that stop
 * something: none here does, so it is read and has no effect, as with kube-apiserver.
 */
export async function readDeleteOptions(request: Request, query: URLSearchParams): Promise<DeleteOptions> {
  const { value } = await readOptionalObject(request);
  const { kind = "DeleteOptions", preconditions, propagationPolicy, orphanDependents, dryRun } = value;
  if (kind !== "DeleteOptions")
    throw new ApiError("BadRequest", `expected DeleteOptions, got ${JSON.stringify(kind)}`);
  const grace = query.get("gracePeriodSeconds") ?? "";
  if (!/^[+-]?\d*$/.test(grace))
    throw new ApiError("BadRequest", `strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  return {
    dryRun: dryRunOf(dryRun ?? query.getAll("dryRun")),
    ...propagationOf(
      propagationPolicy ?? query.get("propagationPolicy") ?? undefined,
      orphanDependents ?? flagOf(query.get("orphanDependents")),
    ),
    ...preconditionsOf(preconditions),
  };
}

const policies: readonly string[] = ["Foreground", "Background", "Orphan"] satisfies PropagationPolicy[];

function propagationOf(policy: unknown, orphan: unknown): Propagation {
  if (orphan !== undefined && typeof orphan !== "boolean")
    throw new ApiError("BadRequest", "orphanDependents must be a boolean");
  if (policy !== undefined && orphan !== undefined)
    throw invalidOptions("DeleteOptions", [
      invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"),
    ]);
  if (policy !== undefined && !isPolicy(policy))
    throw invalidOptions("DeleteOptions", [notSupported("propagationPolicy", policy, [...policies, "nil"])]);
  return {
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
  };
}

function isPolicy(policy: unknown): policy is PropagationPolicy {
  return typeof policy === "string" && policies.includes(policy);
}

function flagOf(value: string | null): boolean | undefined {
  return value === null ? undefined : value !== "false" && value !== "0";
}

function dryRunOf(value: unknown): boolean {
  const values = Array.isArray(value) ? value.filter((one) => one !== "") : [value];
  if (values.some((one) => one !== "All"))
    throw invalidOptions("DeleteOptions", [notSupported("dryRun", value, ["All"])]);
  return values.length > 0;
}

function preconditionsOf(value: unknown): { uid?: string; resourceVersion?: string } {
  if (value === undefined || value === null) return {};
  const { uid, resourceVersion } = value as Record<string, unknown>;
  for (const [name, one] of Object.entries({ uid, resourceVersion }))
    if (one !== undefined && one !== null && typeof one !== "string")
      throw new ApiError("BadRequest", `preconditions.${name} must be a string`);
  return {
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
  };
}
