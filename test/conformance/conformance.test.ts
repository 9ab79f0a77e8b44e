/** Kubernetes' own end-to-end tests against `/k8s/clusters/local` (issue 4). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeKubeconfig } from "../clientgo/kubeconfig.ts";
import { loginAs, removeDataDir, startDrover } from "../e2e/drover.ts";
import type { Drover } from "../e2e/drover.ts";
import { conformanceSpecs, furtherSpecs, leftOut } from "./specs.ts";
import { apiMachinerySpecs, buildSuite, runSpecs } from "./suite.ts";
import type { SpecResult } from "./suite.ts";

const password = "conformance passphrase";

describe("Kubernetes' own specs against the management store", () => {
  let dir: string;
  let drover: Drover | undefined;
  let known: readonly string[];
  let results: ReadonlyMap<string, SpecResult>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "drover-conformance-"));
    const binary = await buildSuite((line) => console.error(line));
    known = await apiMachinerySpecs(binary, dir);
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    const { token } = await loginAs(drover, "admin", password);
    const kubeconfig = join(dir, "kubeconfig");
    writeKubeconfig(kubeconfig, { server: `${drover.url}/k8s/clusters/local`, caPem: drover.ca, token });
    const run = await runSpecs(binary, dir, kubeconfig, [...conformanceSpecs, ...furtherSpecs]);
    results = new Map(run.map((result) => [result.name, result]));
  }, 2_400_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(dir, { recursive: true, force: true });
  });

  it.each([...conformanceSpecs, ...furtherSpecs])("%s", (name) => {
    expect(results.get(name)).toMatchObject({ state: "passed", message: "" });
  });

  it("each conformance spec of sig-api-machinery runs, or is left out for a reason", () => {
    const unexplained = known.filter(
      (name) => !conformanceSpecs.includes(name) && !Object.keys(leftOut).some((part) => name.includes(part)),
    );
    expect(unexplained).toEqual([]);
  });
});
