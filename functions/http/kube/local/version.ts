/** `/version` of the local API: the Kubernetes version whose semantics it has (apimachinery, version.Info). Pure. */

const kubernetes = { major: "1", minor: "36", patch: "3" } as const;

/**
 * `drover` is this program's version. It goes into the build metadata of a semantic version: kubectl and client-go parse
 * it, and Helm ignores it where a chart demands `kubeVersion: ">=1.25"`; a pre-release (`-drover`) would fail such charts.
 */
export function versionInfo(drover: string): object {
  const { major, minor, patch } = kubernetes;
  // Identifiers of letters, digits and hyphens, with single dots between them.
  const build = drover.replaceAll(/[^0-9A-Za-z-]+/g, ".").replaceAll(/^\.|\.$/g, "");
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.${patch}+drover-${build}`,
    gitCommit: "",
    gitTreeState: "",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "",
    platform: "linux/amd64",
  };
}
