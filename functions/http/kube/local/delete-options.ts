/** metav1.DeleteOptions, from the body or from query parameters. */
import { ApiError } from "../../errors.ts";
import { readOptionalObject } from "./request-body.ts";

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

/**
 * Throws `BadRequest`. A propagation policy is judged and has no further effect: nothing here is collected with its
 * owner, so every deletion orphans.
 */
export async function readDeleteOptions(request: Request, query: URLSearchParams): Promise<DeleteOptions> {
  const { value } = await readOptionalObject(request);
  const { kind = "DeleteOptions", preconditions, propagationPolicy, dryRun } = value;
  if (kind !== "DeleteOptions")
    throw new ApiError("BadRequest", `expected DeleteOptions, got ${JSON.stringify(kind)}`);
  policyOf(propagationPolicy ?? query.get("propagationPolicy") ?? undefined);
  const { uid, resourceVersion } = preconditionsOf(preconditions);
  return {
    dryRun: dryRunOf(dryRun ?? query.getAll("dryRun")),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function policyOf(policy: unknown): void {
  if (policy !== undefined && policy !== "Background" && policy !== "Foreground" && policy !== "Orphan")
    throw new ApiError("BadRequest", `propagationPolicy: Unsupported value: ${JSON.stringify(policy)}`);
  if (policy === "Foreground")
    throw new ApiError("BadRequest", "propagationPolicy Foreground: this server does not collect dependents");
}

function dryRunOf(value: unknown): boolean {
  const values = Array.isArray(value) ? value.filter((one) => one !== "") : [value];
  if (values.some((one) => one !== "All"))
    throw new ApiError(
      "BadRequest",
      `dryRun: Unsupported value: ${JSON.stringify(value)}: supported values: "All"`,
    );
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
