/** Builds and runs the client-go program of this folder, once per content and machine. */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";
import { BUILD_FLAGS, buildOnce, cacheDir } from "../testbed/go.ts";
import type { OnProgress } from "../testbed/go.ts";

/** Path of the binary. Throws `GoMissingError` when it has to build and cannot. */
export async function buildClientGo(onProgress: OnProgress = () => {}): Promise<string> {
  const cwd = import.meta.dirname;
  const hash = createHash("sha256");
  for (const name of globSync(["*.go", "go.mod", "go.sum"], { cwd }).toSorted()) {
    hash.update(name).update(readFileSync(join(cwd, name)));
  }
  const dir = join(cacheDir, `clientgo-${hash.digest("hex").slice(0, 16)}`);
  const what = "the client-go program (a minute or two the first time)";
  await buildOnce(dir, { what, cwd, args: ["build", ...BUILD_FLAGS, "-ldflags=-s -w", "."] }, onProgress);
  return join(dir, "clientgo");
}

export type ClientGoMode =
  | "load"
  | "watch"
  | "history"
  | "controller"
  | "informer"
  | "leader"
  | "account"
  | "apply"
  | "socket"
  | "openapi";

/**
 * Starts the program against a server. Flags are Go's: `{ c: 16, table: true }` is `-c=16 -table=true`. It ends when its
 * standard input does, so it cannot outlive this process.
 */
export function startClientGo(
  binary: string,
  mode: ClientGoMode,
  kubeconfig: string,
  flags: Readonly<Record<string, string | number | boolean>> = {},
): Peer {
  const given = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  return startPeer(binary, [mode, `-kubeconfig=${kubeconfig}`, ...given]);
}
