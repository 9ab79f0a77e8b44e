/** A lock between processes of this machine, held by a listening socket. */
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import process from "node:process";
import { errorCode } from "../../infra/files.ts";

export interface Lock {
  readonly release: () => void;
}

/**
 * Takes the lock of that name, or gives `undefined` when another holder has it. The kernel frees an abstract Unix
 * socket when its process dies; a lock file would need a guess whether its owner still lives.
 */
export async function tryLock(name: string): Promise<Lock | undefined> {
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 32);
  const server = createServer().unref();
  try {
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(`\0drover-testbed-${process.getuid?.()}-${digest}`, resolve);
    });
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") return undefined;
    throw error;
  }
  return { release: () => server.close() };
}
