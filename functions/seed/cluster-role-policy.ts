/**
 * The ClusterRoles and bindings that every kube-apiserver has (k8s.io/kubernetes v1.36, rbac/bootstrappolicy), as far as
 * they mean something here: the rules of types that exist, and no role of a component. `cluster-admin` is bound to nobody:
 * no caller can be in `system:masters` (design 6), and GlobalRole `admin` gives the same.
 */
import type { PolicyRule } from "../../schema/rbac/types.ts";

export interface PolicyRole {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules?: readonly PolicyRule[];
  /** Its rules are those of all ClusterRoles with this label. */
  readonly aggregates?: string;
}

export interface PolicyBinding {
  /** Also of the ClusterRole that it gives. */
  readonly name: string;
  readonly groups: readonly string[];
}

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];
const aggregateTo = (role: string): Record<string, string> => ({
  [`rbac.authorization.k8s.io/aggregate-to-${role}`]: "true",
});
const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[]): PolicyRule => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});
const paths = (...nonResourceURLs: readonly string[]): PolicyRule => ({ nonResourceURLs, verbs: ["get"] });

/** In this order what an aggregated role gathers is there before it. */
export const policyRoles: readonly PolicyRole[] = [
  {
    name: "cluster-admin",
    rules: [rule("*", ["*"], ["*"]), { nonResourceURLs: ["*"], verbs: ["*"] }],
  },
  {
    name: "system:discovery",
    rules: [
      paths(
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
      ),
    ],
  },
  {
    name: "system:public-info-viewer",
    rules: [paths("/healthz", "/livez", "/readyz", "/version", "/version/")],
  },
  {
    name: "system:monitoring",
    rules: [paths("/healthz", "/livez", "/metrics", "/readyz")],
  },
  {
    name: "system:basic-user",
    rules: [
      rule("authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
      rule("authentication.k8s.io", ["selfsubjectreviews"], ["create"]),
    ],
  },
  {
    name: "system:auth-delegator",
    rules: [
      rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
      rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
    ],
  },
  {
    name: "system:service-account-issuer-discovery",
    rules: [
      paths(
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/",
        "/openid/v1/jwks",
        "/openid/v1/jwks/",
      ),
    ],
  },
  {
    name: "system:aggregate-to-view",
    labels: aggregateTo("view"),
    rules: [
      rule(
        "",
        [
          "configmaps",
          "events",
          "limitranges",
          "namespaces",
          "namespaces/status",
          "resourcequotas",
          "serviceaccounts",
        ],
        read,
      ),
    ],
  },
  {
    name: "system:aggregate-to-edit",
    labels: aggregateTo("edit"),
    rules: [
      rule("", ["secrets"], read),
      rule("", ["serviceaccounts"], ["impersonate"]),
      rule("", ["configmaps", "events", "secrets", "serviceaccounts"], write),
      rule("", ["serviceaccounts/token"], ["create"]),
      rule("coordination.k8s.io", ["leases"], [...read, ...write]),
    ],
  },
  {
    name: "system:aggregate-to-admin",
    labels: aggregateTo("admin"),
    rules: [
      rule("authorization.k8s.io", ["localsubjectaccessreviews"], ["create"]),
      rule("rbac.authorization.k8s.io", ["rolebindings", "roles"], [...read, ...write]),
    ],
  },
  { name: "view", labels: aggregateTo("edit"), aggregates: "view" },
  { name: "edit", labels: aggregateTo("admin"), aggregates: "edit" },
  { name: "admin", aggregates: "admin" },
];

/** The label that an aggregated role of this list selects by. */
export function aggregationLabel(aggregates: string): Record<string, string> {
  return aggregateTo(aggregates);
}

const everybody = ["system:authenticated"];

export const policyBindings: readonly PolicyBinding[] = [
  { name: "system:basic-user", groups: everybody },
  { name: "system:discovery", groups: everybody },
  { name: "system:public-info-viewer", groups: [...everybody, "system:unauthenticated"] },
  { name: "system:service-account-issuer-discovery", groups: ["system:serviceaccounts"] },
];
