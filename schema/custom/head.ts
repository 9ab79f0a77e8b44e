/** What a CustomResourceDefinition says besides its schemas: enough to name, find and list its types. Pure. */
import { isConditionTrue } from "../resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import type {
  CrdSpec,
  CrdVersion,
  CustomResourceDefinition,
} from "../resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";

/** Kept in the index `head` of the row, so that discovery reads no schema. */
export interface CrdHead {
  readonly spec: Omit<CrdSpec, "versions"> & { readonly versions: readonly Omit<CrdVersion, "schema">[] };
  /** Names of its types are in force. */
  readonly established: boolean;
  readonly terminating: boolean;
}

export function headOf({ spec, status, metadata }: CustomResourceDefinition): CrdHead {
  const versions = (spec.versions ?? []).map((version) => {
    const { schema: _, ...rest } = version;
    return rest;
  });
  return {
    spec: { ...spec, versions },
    established: isConditionTrue(status, "Established"),
    terminating: metadata.deletionTimestamp !== undefined,
  };
}
