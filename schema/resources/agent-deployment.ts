/** Rules for how the agents of a cluster are deployed there, of Clusters of management and of provisioning alike (auth.md 7.8). */
import type { KubeObject } from "../object.ts";
import type { AdmissionContext } from "../resource.ts";
import { SelectorError } from "../select/errors.ts";
import { labelSelectorOf } from "../select/labels.ts";
import type { FieldError } from "../structural/types.ts";
import { forbidden, invalid } from "./names.ts";
import { isQualifiedName } from "./qualified-name.ts";

type Maybe<T> = T | null | undefined;

export interface DisruptionBudget {
  readonly minAvailable?: Maybe<string>;
  readonly maxUnavailable?: Maybe<string>;
}

export interface Scheduling {
  readonly priorityClass?: Maybe<{
    readonly value?: Maybe<number>;
    readonly preemptionPolicy?: Maybe<string>;
  }>;
  readonly podDisruptionBudget?: Maybe<DisruptionBudget>;
}

interface NodeTerm {
  readonly matchExpressions?: Maybe<readonly { readonly key: string }[]>;
  readonly matchFields?: Maybe<readonly { readonly key: string }[]>;
}

interface PodTerm {
  readonly labelSelector?: unknown;
  readonly namespaceSelector?: unknown;
}

interface PodAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: Maybe<readonly PodTerm[]>;
  readonly preferredDuringSchedulingIgnoredDuringExecution?: Maybe<
    readonly { readonly podAffinityTerm: PodTerm }[]
  >;
}

export interface Affinity {
  readonly nodeAffinity?: Maybe<{
    readonly requiredDuringSchedulingIgnoredDuringExecution?: Maybe<{
      readonly nodeSelectorTerms: readonly NodeTerm[];
    }>;
    readonly preferredDuringSchedulingIgnoredDuringExecution?: Maybe<
      readonly { readonly preference: NodeTerm }[]
    >;
  }>;
  readonly podAffinity?: Maybe<PodAffinity>;
  readonly podAntiAffinity?: Maybe<PodAffinity>;
}

export interface Placement {
  readonly appendTolerations?: Maybe<readonly { readonly key?: Maybe<string> }[]>;
  readonly overrideAffinity?: Maybe<Affinity>;
}

const percentage = /^(?:[0-9]|[1-9][0-9]|100)%$/;
const wholeNumber = /^[0-9]+$/;
const schedulingFeature = "cluster-agent-scheduling-customization";

/** Where an agent may run. */
export function placementErrors(placement: Maybe<Placement>, path: string): FieldError[] {
  const { appendTolerations, overrideAffinity } = placement ?? {};
  return [
    ...(appendTolerations ?? []).flatMap(({ key }, index) =>
      keyErrors(key ?? "", `${path}.appendTolerations[${index}]`),
    ),
    ...affinityErrors(overrideAffinity, `${path}.overrideAffinity`),
  ];
}

function affinityErrors(affinity: Maybe<Affinity>, path: string): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const { requiredDuringSchedulingIgnoredDuringExecution: required } = nodeAffinity ?? {};
  const preferred = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const terms = [
    ...(required?.nodeSelectorTerms ?? []).map(
      (term, index) =>
        [term, `requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`] as const,
    ),
    ...preferred.map(
      ({ preference }, index) =>
        [preference, `preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`] as const,
    ),
  ];
  return [
    ...terms.flatMap(([term, at]) =>
      (["matchExpressions", "matchFields"] as const).flatMap((list) =>
        (term[list] ?? []).flatMap(({ key }, index) =>
          keyErrors(key, `${path}.nodeAffinity.${at}.${list}[${index}].key`),
        ),
      ),
    ),
    ...podErrors(podAffinity, `${path}.podAffinity`),
    ...podErrors(podAntiAffinity, `${path}.podAntiAffinity`),
  ];
}

function podErrors(affinity: Maybe<PodAffinity>, path: string): FieldError[] {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...required.map(
      (term, index) => [term, `requiredDuringSchedulingIgnoredDuringExecution[${index}]`] as const,
    ),
    ...preferred.map(
      ({ podAffinityTerm }, index) =>
        [
          podAffinityTerm,
          `preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`,
        ] as const,
    ),
  ].flatMap(([term, at]) =>
    (["labelSelector", "namespaceSelector"] as const).flatMap((name) =>
      selectorErrors(term[name], `${path}.${at}.${name}`),
    ),
  );
}

function selectorErrors(selector: unknown, field: string): FieldError[] {
  try {
    labelSelectorOf(selector);
    return [];
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return [invalid(field, null, error.message)];
  }
}

function keyErrors(key: string, field: string): FieldError[] {
  return isQualifiedName(key) ? [] : [invalid(field, key, "must be the name of a label")];
}

/** One of the two bounds says something: two, or none, make no budget. */
export function budgetErrors(budget: Maybe<DisruptionBudget>, path: string): FieldError[] {
  if (budget === undefined || budget === null) return [];
  const bounds = { minAvailable: budget.minAvailable ?? "", maxUnavailable: budget.maxUnavailable ?? "" };
  const { minAvailable, maxUnavailable } = bounds;
  const says = (bound: string): boolean => bound !== "" && bound !== "0";
  if (
    (says(minAvailable) && says(maxUnavailable)) ||
    (minAvailable === maxUnavailable && !says(minAvailable))
  )
    return [invalid(path, null, "one of minAvailable and maxUnavailable must be set, the other absent or 0")];
  return Object.entries(bounds)
    .filter(([, bound]) => bound !== "" && !wholeNumber.test(bound) && !percentage.test(bound))
    .map(([name, bound]) => invalid(`${path}.${name}`, bound, "must be a whole number, or 0% to 100%"));
}

/**
 * How important an agent is, and how many of it may be missing. Without the feature flag both can only be taken away: a
 * cluster that does not know them would be left with half of them.
 */
export async function schedulingErrors(
  { lookup }: Pick<AdmissionContext, "lookup">,
  old: Maybe<Scheduling>,
  scheduling: Maybe<Scheduling>,
  path: string,
): Promise<FieldError[]> {
  const { priorityClass, podDisruptionBudget } = scheduling ?? {};
  const parts = { priorityClass, podDisruptionBudget };
  const set = Object.entries(parts).filter(([, part]) => part !== undefined && part !== null);
  if (set.length === 0) return [];
  if (!(await isOn(lookup, schedulingFeature))) {
    const before = { priorityClass: old?.priorityClass, podDisruptionBudget: old?.podDisruptionBudget };
    return set
      .filter(([name, part]) => JSON.stringify(part) !== JSON.stringify(before[name as keyof typeof before]))
      .map(([name]) =>
        forbidden(`${path}.${name}`, `the feature ${schedulingFeature} is off: it can only be removed`),
      );
  }
  const errors = budgetErrors(podDisruptionBudget, `${path}.podDisruptionBudget`);
  const { value = 0, preemptionPolicy = "" } = priorityClass ?? {};
  if (!["", "Never", "PreemptLowerPriority"].includes(preemptionPolicy ?? ""))
    errors.push({
      reason: "FieldValueNotSupported",
      field: `${path}.priorityClass.preemptionPolicy`,
      message: `Unsupported value: ${JSON.stringify(preemptionPolicy)}: supported values: "Never", "PreemptLowerPriority"`,
    });
  if (Math.abs(value ?? 0) > 1_000_000_000)
    errors.push(invalid(`${path}.priorityClass.value`, value, "must be between -1 and 1 billion"));
  return errors;
}

/** Closed where nobody knows the flag. */
async function isOn(lookup: AdmissionContext["lookup"], feature: string): Promise<boolean> {
  const flag: Flag | undefined = await lookup("features.management.cattle.io", "", feature);
  return flag?.status?.lockedValue ?? flag?.spec?.value ?? flag?.status?.default ?? false;
}

type Flag = KubeObject & {
  readonly spec?: { readonly value?: boolean | null };
  readonly status?: { readonly default?: boolean; readonly lockedValue?: boolean | null };
};
