/** Shapes of the one evaluator (design 6): rules as in rbac.authorization.k8s.io/v1, and what is asked of them. */

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  /** `pods`, `pods/log`, `*`, `*` + `/log`. */
  readonly resources?: readonly string[];
  /** Empty or absent: all objects. Otherwise only requests that name one of these. */
  readonly resourceNames?: readonly string[];
  /** `/healthz`, `/metrics/*`, `*`. */
  readonly nonResourceURLs?: readonly string[];
}

/** A request for objects. */
export interface ResourceAttributes {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Plural, with its subresource: `pods`, `pods/log`. */
  readonly resource: string;
  /** Of no meaning to rules that hold everywhere; judged by the caller's choice of rules. */
  readonly namespace?: string;
  /** Absent for requests that name no object (list, create, deletecollection). */
  readonly name?: string;
}
