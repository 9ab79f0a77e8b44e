/** A metav1 `Status` of a failure: what every Kubernetes client reads errors from. Pure. */

/** `reason`: a metav1.StatusReason, or a word of ours where Kubernetes has none. */
export function failureStatus(
  code: number,
  reason: string | undefined,
  message: string,
  details: object = {},
): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(Object.keys(details).length === 0 ? {} : { details }),
    code,
  };
}
