/**
 * Builds etcd, the Kubernetes control plane, kubectl and kwok from the Go modules in go.mod, once per machine: it
 * takes minutes the first time. The result is a directory named by the hash of all that goes into it.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { BUILD_FLAGS, buildOnce, cacheDir, kubernetesLinkFlags } from "./go.ts";
import type { GoBuild, OnProgress } from "./go.ts";

/** Absolute paths. */
export interface Binaries {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kubectl: string;
  readonly kwok: string;
  readonly kubelet: string;
}

export interface BuildOptions {
  readonly onProgress?: OnProgress;
}

const bedModule = import.meta.dirname;
const kubectlModule = join(bedModule, "kubectl-versions");
const kineModule = join(bedModule, "kine");

/**
 * Resolves at once when the binaries are there, else builds them; of several processes that ask at the same time one
 * builds. Throws `GoMissingError` when it has to build and cannot.
 */
export async function ensureBinaries({ onProgress = () => {} }: BuildOptions = {}): Promise<Binaries> {
  const version = requiredVersion(join(bedModule, "go.mod"), "k8s.io/kubernetes");
  const dir = await built(
    {
      what: "the Kubernetes test bed from source (once per machine, 6 minutes on 2 cores)",
      cwd: bedModule,
      args: ["build", ...BUILD_FLAGS, kubernetesLinkFlags(version), "tool", "./kubelet"],
    },
    ["go.mod", "go.sum", ...globSync("kubelet/*.go", { cwd: bedModule }).toSorted()],
    onProgress,
  );
  return {
    // `go build tool` names a binary after its package's last element, and etcd's is called server.
    etcd: join(dir, "server"),
    apiserver: join(dir, "kube-apiserver"),
    controllerManager: join(dir, "kube-controller-manager"),
    scheduler: join(dir, "kube-scheduler"),
    kubectl: join(dir, "kubectl"),
    kwok: join(dir, "kwok"),
    kubelet: join(dir, "kubelet"),
  };
}

/** The older kubectl versions that can be built: each has a module file in kubectl-versions/. */
export type KubectlVersion = "1.27" | "1.29" | "1.30" | "1.31";

/**
 * Path of a kubectl of that version, built when it is not there yet (a minute or two on 2 cores). From the library
 * `k8s.io/kubectl` and not `k8s.io/kubernetes/cmd/kubectl`, which is the same code: the module proxy has no
 * k8s.io/kubernetes before 1.29.6, and it needs a `replace` for each of its 30 parts. Throws as `ensureBinaries`.
 */
export async function kubectlVersion(
  version: KubectlVersion,
  { onProgress = () => {} }: BuildOptions = {},
): Promise<string> {
  const library = requiredVersion(join(kubectlModule, `${version}.mod`), "k8s.io/kubectl");
  const linkFlags = kubernetesLinkFlags(library.replace("v0.", "v1."));
  const dir = await built(
    {
      what: `kubectl ${version}`,
      cwd: kubectlModule,
      args: ["build", ...BUILD_FLAGS, `-modfile=${version}.mod`, linkFlags, "."],
    },
    [`${version}.mod`, `${version}.sum`, "main.go"],
    onProgress,
  );
  return join(dir, "kubectl");
}

/**
 * Path of kine, which speaks etcd's protocol and keeps its data in PostgreSQL. In a module of its own: it asks for other
 * versions of etcd's and Kubernetes' libraries than the test bed. Throws as `ensureBinaries`.
 */
export async function kineBinary({ onProgress = () => {} }: BuildOptions = {}): Promise<string> {
  const dir = await built(
    {
      what: "kine (a minute or two)",
      cwd: kineModule,
      args: ["build", ...BUILD_FLAGS, "-ldflags=-s -w", "tool"],
    },
    ["go.mod", "go.sum"],
    onProgress,
  );
  return join(dir, "kine");
}

/** Builds into the cache, in a directory named by the command and the content of `inputs` (relative to `cwd`). */
async function built(build: GoBuild, inputs: readonly string[], onProgress: OnProgress): Promise<string> {
  const hash = createHash("sha256").update(`${process.arch} ${build.args.join(" ")}`);
  for (const file of inputs) hash.update(readFileSync(join(build.cwd, file)));
  const dir = join(cacheDir, hash.digest("hex").slice(0, 16));
  await buildOnce(dir, build, onProgress);
  return dir;
}

/** `v1.36.3`: what a go.mod file asks for. */
function requiredVersion(goMod: string, module: string): string {
  const line = readFileSync(goMod, "utf8")
    .split("\n")
    .find((each) => each.startsWith(`\t${module} v`));
  if (line === undefined) throw new Error(`${goMod} does not require ${module}`);
  return line.split(" ")[1] ?? "";
}
