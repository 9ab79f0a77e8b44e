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

/** A rule and where it holds: one that a RoleBinding gives holds in the binding's namespace alone. */
export interface ScopedRule extends PolicyRule {
  /** Absent: everywhere, also for what is in no namespace. Empty: nowhere. */
  readonly namespaces?: readonly string[];
}

/** A request for objects. */
export interface ResourceAttributes {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Plural, with its subresource: `pods`, `pods/log`. */
  readonly resource: string;
  /** Absent or empty: of no namespace, or over all of them. Rules that hold in some namespaces do not hold then. */
  readonly namespace?: string;
  /** Absent for requests that name no object (list, create, deletecollection). */
  readonly name?: string;
}

/** Whom rules are looked up for. */
export interface RbacSubject {
  /** User name; of a service account `system:serviceaccount:<namespace>:<name>`. */
  readonly user: string;
  readonly groups: readonly string[];
}
