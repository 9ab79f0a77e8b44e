/** metav1.DeleteOptions, from the body or from query parameters. */
import type { Propagation, PropagationPolicy } from "../../../../schema/store/propagation.ts";
import { invalid, notSupported } from "../../../../schema/resources/names.ts";
import { ApiError } from "../../errors.ts";
import { decodeTyped } from "../../../../schema/resources/decode.ts";
import type { FromSchema } from "../../../../schema/structural/from-schema.ts";
import type { JsonSchema } from "../../../../schema/structural/types.ts";
import { dryRunErrors, invalidOptions } from "./write-options.ts";
import { readOptionalObject } from "./request-body.ts";

export interface DeleteOptions extends Propagation {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

export const deleteOptionsSchema = {
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    dryRun: { type: "array", items: { type: "string" } },
    gracePeriodSeconds: { type: "integer", format: "int64" },
    ignoreStoreReadErrorWithClusterBreakingPotential: { type: "boolean" },
    orphanDependents: { type: "boolean" },
    preconditions: {
      type: "object",
      properties: { resourceVersion: { type: "string" }, uid: { type: "string" } },
    },
    propagationPolicy: { type: "string" },
  },
} as const satisfies JsonSchema;

type Decoded = FromSchema<typeof deleteOptionsSchema>;

/**
 * Throws `BadRequest` for what cannot be read, `Invalid` for what makes no sense. A grace period is for types that stop
 * something: none here does, so it is read and has no effect, as with kube-apiserver.
 */
export async function readDeleteOptions(request: Request, query: URLSearchParams): Promise<DeleteOptions> {
  const body = await readOptionalObject(request);
  // With a body, the query says nothing.
  const { value } = body ?? { value: {} };
  const asked = body === undefined ? query : new URLSearchParams();
  const problem = decodeTyped(deleteOptionsSchema, value, "DeleteOptions");
  if (problem !== undefined) throw new ApiError("BadRequest", problem);
  const options: Decoded = value;
  const { kind = "DeleteOptions", preconditions, propagationPolicy, orphanDependents, dryRun } = options;
  if (kind !== "DeleteOptions")
    throw new ApiError("BadRequest", `expected DeleteOptions, got ${JSON.stringify(kind)}`);
  const grace = asked.get("gracePeriodSeconds") ?? "";
  if (!/^[+-]?\d*$/.test(grace))
    throw new ApiError("BadRequest", `strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  return {
    dryRun: dryRunOf(dryRun ?? asked.getAll("dryRun")),
    ...propagationOf(
      propagationPolicy ?? asked.get("propagationPolicy") ?? undefined,
      orphanDependents ?? flagOf(asked.get("orphanDependents")),
    ),
    ...preconditionsOf(preconditions),
  };
}

const policies: readonly string[] = ["Foreground", "Background", "Orphan"] satisfies PropagationPolicy[];

function propagationOf(policy: string | undefined, orphan: boolean | undefined): Propagation {
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

function isPolicy(policy: string): policy is PropagationPolicy {
  return policies.includes(policy);
}

function flagOf(value: string | null): boolean | undefined {
  return value === null ? undefined : value !== "false" && value !== "0";
}

function dryRunOf(values: readonly string[]): boolean {
  const errors = dryRunErrors(values);
  if (errors.length > 0) throw invalidOptions("DeleteOptions", errors);
  return values.length > 0;
}

function preconditionsOf({ uid, resourceVersion }: NonNullable<Decoded["preconditions"]> = {}): {
  uid?: string;
  resourceVersion?: string;
} {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
