/** What is asked of a Kubeconfig besides who writes it (auth.md 3.8). Pure. */
import { same } from "../../../schema/patch/values.ts";
import { kubeconfigs } from "../../../schema/resources/ext.cattle.io/kubeconfigs.ts";
import type { Kubeconfig } from "../../../schema/resources/ext.cattle.io/kubeconfigs.ts";
import { invalid } from "../../../schema/resources/names.ts";
import { invalidObject } from "../../../schema/store/errors.ts";
import { prune, validate } from "../../../schema/structural/engine.ts";
import { ingestTtl } from "../../identity/token-ttl.ts";
import type { TtlPolicy } from "../../identity/token-ttl.ts";
import { ApiError } from "../errors.ts";

/** All but the description stay as they were made. */
const fixed = ["clusters", "currentContext", "ttl", "includeDefaultEntry"] as const;

/** Throws `Invalid`. `old`: of an update. */
export function judgeKubeconfig(wanted: Kubeconfig, old?: Kubeconfig): Kubeconfig {
  const content = { spec: structuredClone(wanted.spec ?? {}) };
  const schema = kubeconfigs.schema();
  prune(schema, content);
  const errors = [...validate(schema, content)];
  const was = old?.spec;
  if (errors.length === 0 && was !== undefined)
    for (const member of fixed)
      if (!same(bare(was[member]), bare(content.spec[member])))
        errors.push(invalid(`spec.${member}`, null, "field is immutable"));
  if (errors.length > 0) throw invalidObject(kubeconfigs, wanted.metadata.name, errors);
  return { ...wanted, spec: content.spec };
}

/** As it is compared: what is empty is absent. */
function bare(value: unknown): unknown {
  return value === "" || value === 0 || (Array.isArray(value) && value.length === 0) ? undefined : value;
}

/** How long its tokens live, in milliseconds. Throws `BadRequest`: a kubeconfig is a file that stays somewhere. */
export function kubeconfigTtl(seconds: number, policy: TtlPolicy): number {
  const { maxMinutes } = policy;
  if (seconds < 0) throw new ApiError("BadRequest", "spec.ttl can't be negative (infinite)");
  if (maxMinutes >= 1 && seconds > maxMinutes * 60)
    throw new ApiError("BadRequest", `spec.ttl ${seconds} exceeds max ttl ${maxMinutes * 60}`);
  const granted = ingestTtl(seconds * 1_000, policy);
  if (granted <= 0)
    throw new ApiError("BadRequest", "spec.ttl can't be negative (infinite), please fix the default");
  return granted;
}

/** Throws `BadRequest` for lists of clusters that cannot be meant. */
export function requireSensible({ spec = {} }: Kubeconfig): void {
  const { clusters = [], includeDefaultEntry = true } = spec;
  if (new Set(clusters).size < clusters.length)
    throw new ApiError("BadRequest", "spec.clusters must be unique");
  if (!includeDefaultEntry && clusters.length === 0)
    throw new ApiError("BadRequest", "at least one cluster is required when includeDefaultEntry is false");
}

/** Names of entries: display names, but for those that would be another's too. By cluster id. */
export function entryNames(
  clusters: readonly { readonly id: string; readonly displayName: string }[],
  taken: readonly string[],
): ReadonlyMap<string, string> {
  const wanted = clusters.map(({ id, displayName }) => (displayName === "" ? id : displayName));
  return new Map(
    clusters.map(({ id }, index) => {
      const name = wanted[index] ?? id;
      const isOwn = !taken.includes(name) && wanted.filter((one) => one === name).length === 1;
      return [id, isOwn ? name : `${name}-${id}`];
    }),
  );
}
