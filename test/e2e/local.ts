/** A Drover of a test's own, and a stock kubectl that acts as its administrator on the management store. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { kubeconfig as kubeconfigText } from "../../functions/http/clusters/kubeconfig.ts";
import { ensureBinaries } from "../testbed/build.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import type { KubectlOptions, KubectlResult } from "../testbed/kubectl.ts";
import { loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";

export const localPassword = "management store passphrase";

export interface Local {
  readonly drover: Drover;
  /** The administrator. */
  readonly admin: Connection & { readonly token: string };
  /** Path of the program. */
  readonly kubectl: string;
  /** Path of the administrator's. */
  readonly kubeconfig: string;
  /** A directory of the test's own. */
  readonly home: string;
  /** Stops Drover; nothing of it is left. */
  readonly stop: () => Promise<void>;
}

/** `args`: further start options. */
export async function startLocal(args: readonly string[] = []): Promise<Local> {
  await using cleanup = new AsyncDisposableStack();
  const home = mkdtempSync(join(tmpdir(), "drover-local-"));
  cleanup.defer(() => rmSync(home, { recursive: true, force: true }));
  const [drover, { kubectl }] = await Promise.all([
    startDrover({ args: ["--bootstrap-password", localPassword, ...args] }),
    ensureBinaries({ onProgress: (line) => console.error(line) }),
  ]);
  cleanup.defer(async () => {
    await drover.stop();
    removeDataDir(drover.dataDir);
  });
  const admin = await loginAs(drover, "admin", localPassword);
  const kubeconfig = join(home, "kc");
  writeLocalKubeconfig(kubeconfig, drover, admin.token);
  const running = cleanup.move();
  return { drover, admin, kubectl, kubeconfig, home, stop: () => running.disposeAsync() };
}

/** A kubeconfig for the management store, which only this user can read. */
export function writeLocalKubeconfig(
  path: string,
  { url, ca }: Pick<Drover, "url" | "ca">,
  bearer: string,
): void {
  const cluster = { serverUrl: url, clusterId: "local", clusterName: "local", cacerts: ca };
  writeFileSync(path, kubeconfigText({ ...cluster, bearer }), { mode: 0o600 });
}

export interface LocalKubectl {
  readonly run: (args: readonly string[], options?: KubectlOptions) => Promise<KubectlResult>;
  /** Standard output; fails with what kubectl printed. */
  readonly kubectl: (args: readonly string[], options?: KubectlOptions) => Promise<string>;
  /** Standard error of a kubectl that must fail. */
  readonly fails: (args: readonly string[], options?: KubectlOptions) => Promise<string>;
}

/** kubectl as the administrator of what `local` gives when it is called. */
export function kubectlOf(local: () => Pick<Local, "kubectl" | "kubeconfig" | "home">): LocalKubectl {
  const run = (args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> =>
    runKubectl(local(), args, options);
  return {
    run,
    kubectl: async (args, options) => {
      const { code, stdout, stderr } = await run(args, options);
      if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: code ${code}\n${stderr}`);
      return stdout;
    },
    fails: async (args, options) => {
      const { code, stdout, stderr } = await run(args, options);
      expect(code, stdout).not.toBe(0);
      return stderr;
    },
  };
}
