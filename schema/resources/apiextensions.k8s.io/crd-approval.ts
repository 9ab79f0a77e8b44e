/** Groups that belong to the Kubernetes community, and the annotation that says who approved a type in one (KEP 1111). Pure. */
import type { CustomResourceDefinition } from "./custom-resource-definitions.schema.ts";

export const approvedAnnotation = "api-approved.kubernetes.io";
const where = "see https://github.com/kubernetes/enhancements/pull/1111";

export interface Approval {
  readonly state: "missing" | "bypassed" | "approved" | "invalid";
  readonly message: string;
}

export function isCommunityGroup(group: string): boolean {
  return ["k8s.io", "kubernetes.io"].some((own) => group === own || group.endsWith(`.${own}`));
}

export function approvalOf({ metadata }: Pick<CustomResourceDefinition, "metadata">): Approval {
  const annotation = metadata.annotations?.[approvedAnnotation] ?? "";
  const must = `protected groups must have approval annotation ${JSON.stringify(approvedAnnotation)}`;
  if (annotation === "") return { state: "missing", message: `${must}, ${where}` };
  if (annotation.startsWith("unapproved"))
    return { state: "bypassed", message: `not approved: ${JSON.stringify(annotation)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(annotation))
    return { state: "approved", message: `approved in ${annotation}` };
  return {
    state: "invalid",
    message: `${must} with either a URL or a reason starting with "unapproved", ${where}`,
  };
}
