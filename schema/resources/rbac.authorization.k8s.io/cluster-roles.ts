/** rbac.authorization.k8s.io/v1 ClusterRole. */
import type { KubeObject } from "../../object.ts";
import { aggregatedRules } from "../../rbac/aggregate.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import { SelectorError } from "../../select/errors.ts";
import { labelSelectorOf } from "../../select/labels.ts";
import { forbiddenObject } from "../../store/errors.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";
import {
  changesOwnersAlone,
  mayDoEverything,
  mayPass,
  ownerLabelErrors,
  passingProblem,
  rbac,
} from "./group.ts";
import { roleRuleErrors, rulesSchema, withRules } from "./role-rules.ts";

const schema = once(() => {
  const texts = { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic" } as const;
  const selector = {
    type: "object",
    "x-kubernetes-map-type": "atomic",
    properties: {
      matchLabels: { type: "object", additionalProperties: { type: "string" } },
      matchExpressions: {
        type: "array",
        "x-kubernetes-list-type": "atomic",
        items: {
          type: "object",
          required: ["key", "operator"],
          properties: { key: { type: "string" }, operator: { type: "string" }, values: texts },
        },
      },
    },
  } as const;
  return {
    type: "object",
    properties: {
      rules: rulesSchema,
      aggregationRule: {
        type: "object",
        properties: {
          clusterRoleSelectors: { type: "array", items: selector, "x-kubernetes-list-type": "atomic" },
        },
      },
    },
  } as const satisfies JsonSchema;
});

export type ClusterRole = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const clusterRoles: ResourceDefinition<ClusterRole> = {
  ...rbac,
  kind: "ClusterRole",
  plural: "clusterroles",
  singular: "clusterrole",
  scope: "Cluster",
  nameForm: "path",
  bare: { rules: null },
  schema,
  indexes: {
    label: ({ metadata: { labels = {} } }) => Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  },
  mutate: async (context) => withRules(await mutate(context)),
  validate,
};

/** An aggregated role has its rules from the others at once; `cluster-role-aggregation` follows their changes. */
async function mutate({ object, lookupByIndex }: AdmissionContext<ClusterRole>): Promise<ClusterRole> {
  const selectors = object.aggregationRule?.clusterRoleSelectors ?? [];
  const found: ClusterRole[] = [];
  for (const { matchLabels = {} } of selectors) {
    const [first] = Object.entries(matchLabels);
    // Selectors that are all expressions are left to the controller: no index narrows them.
    if (first === undefined) return object;
    found.push(
      ...((await lookupByIndex(
        "clusterroles.rbac.authorization.k8s.io",
        "label",
        first.join("="),
      )) as ClusterRole[]),
    );
  }
  if (selectors.length === 0 || selectorErrors(object).length > 0) return object;
  return { ...object, rules: aggregatedRules(object, found) as NonNullable<ClusterRole["rules"]> };
}

function validate(context: AdmissionContext<ClusterRole>): FieldError[] {
  const { operation, object, old, actor } = context;
  if (operation === "DELETE") return [];
  const { metadata } = object;
  const rules = object.rules ?? [];
  const errors = [
    ...roleRuleErrors(rules, false),
    ...selectorErrors(object),
    ...ownerLabelErrors(context, "authz.management.cattle.io/gr-owner"),
  ];
  if (errors.length > 0 || (old !== undefined && changesOwnersAlone(old, object))) return errors;
  const { name } = metadata;
  const role = { resource: clusterRoles.plural, namespace: "", ...(old === undefined ? {} : { name }) };
  if (mayPass(actor, "escalate", role)) return [];
  const problem = passingProblem(actor, rules);
  if (problem !== undefined) throw forbiddenObject(clusterRoles, name, problem);
  const aggregates = object.aggregationRule !== undefined || old?.aggregationRule !== undefined;
  // It can gather anything, and what it gathers may grow.
  if (aggregates && !mayDoEverything(actor))
    throw forbiddenObject(
      clusterRoles,
      name,
      "must have cluster-admin privileges to use the aggregationRule",
    );
  return [];
}

function selectorErrors({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = "aggregationRule.clusterRoleSelectors";
  const { clusterRoleSelectors = [] } = aggregationRule;
  if (clusterRoleSelectors.length === 0)
    return [required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return clusterRoleSelectors.flatMap((selector, index) => {
    try {
      labelSelectorOf(selector);
      return [];
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      return [invalid(`${path}[${index}]`, null, error.message)];
    }
  });
}
