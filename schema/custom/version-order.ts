/** API versions in the order of preference: `v2`, `v1`, `v2beta1`, `v1alpha1`, then all other names. Pure. */

const stabilities = ["alpha", "beta", ""];

/** A comparison for sorting, the preferred one first (k8s.io/apimachinery, CompareKubeAwareVersionStrings). */
export function compareVersions(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  if (left === undefined || right === undefined) {
    if (left !== undefined) return -1;
    if (right !== undefined) return 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const differing = left.findIndex((part, at) => part !== right[at]);
  return (right[differing] ?? 0) - (left[differing] ?? 0);
}

/** Stability, major, minor. */
function parts(version: string): readonly number[] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return undefined;
  const [, major, stability = "", minor = 0] = match;
  return [stabilities.indexOf(stability), Number(major), Number(minor)];
}
