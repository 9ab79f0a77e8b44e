import { describe, expect, it } from "vitest";
import { shellFeature, shellTarget } from "./shell.ts";

describe("shells", () => {
  it.each([
    ["/v3/clusters/c-a?shell=true", "link=shell"],
    ["/v1/management.cattle.io.clusters/c-a?link=shell", "link=shell"],
    ["/v1/management.cattle.io.clusters/c-a?action=apply", "action=apply"],
  ])("%s means the cluster's own Steve", (raw, query) => {
    expect(shellTarget(raw)).toEqual({
      prefix: "/k8s/clusters/c-a",
      clusterId: "c-a",
      target: `/v1/management.cattle.io.clusters/local?${query}`,
    });
  });

  it.each([
    "/v3/clusters/c-a",
    "/v3/clusters/c-a?shell=false",
    "/v3/clusters/local?shell=true",
    "/v3/clusters/c-a/nodes?shell=true",
    "/v1/management.cattle.io.clusters/c-a?link=other",
    "/v1/management.cattle.io.clusters?link=shell",
  ])("%s does not", (raw) => {
    expect(shellTarget(raw)).toBeUndefined();
  });

  it.each([
    ["/api/v1/namespaces/a/pods/b/exec?command=sh", "pod-shell"],
    ["/api/v1/namespaces/a/pods/b/%65xec", "pod-shell"],
    ["/api/v1//namespaces/a/pods/b/exec/", "pod-shell"],
    ["/api/v1/namespaces/a/pods/b/log", undefined],
    ["/v1/management.cattle.io.clusters/local?link=shell", "cluster-shell"],
    ["/v1/management.cattle.io.clusters/local?action=apply", undefined],
  ])("%s needs the flag %s", (target, flag) => {
    expect(shellFeature(target)).toBe(flag);
  });
});
