/** Versions of Kubernetes distributions: `v1.34.1+rke2r1`. Pure. */

/** Semantic versioning, with a `v` in front. */
const version =
  /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** `undefined` for what is none. A version 2 would be newer than all that is asked here. */
export function kubernetesVersionOf(text: string | null | undefined): { readonly minor: number } | undefined {
  const [, major, minor] = version.exec(text ?? "") ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return { minor: Number(major) > 1 ? Number.POSITIVE_INFINITY : major === "0" ? 0 : Number(minor) };
}
