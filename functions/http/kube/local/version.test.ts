import { describe, expect, it } from "vitest";
import { versionInfo } from "./version.ts";

/** k8s.io/apimachinery, util/version: what ParseSemantic takes. Its last group is build metadata, before it pre-releases. */
const semantic =
  /^v?((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

function gitVersion(drover: string): string {
  return (versionInfo(drover) as { gitVersion: string }).gitVersion;
}

describe("versionInfo", () => {
  it("is a release of Kubernetes with Drover's version in the build metadata", () => {
    expect(versionInfo("0.1.0")).toMatchObject({ major: "1", minor: "36", platform: "linux/amd64" });
    expect(gitVersion("0.1.0")).toBe("v1.36.3+drover-0.1.0");
  });

  it.each(["0.1.0", "v0.1.0-rc.1+abc", "dev/branch..x", "", "1.0 "])(
    "parses as a semantic version without a pre-release when Drover is %j",
    (drover) => {
      const [, numbers, preRelease, build] = semantic.exec(gitVersion(drover)) ?? [];
      expect(numbers).toBe("1.36.3");
      expect(preRelease).toBeUndefined();
      expect(build).toMatch(/^drover-/);
    },
  );
});
