/** Ports for programs that cannot say themselves which port they took. */
import { createServer } from "node:net";
import type { Server } from "node:net";
import { randomInt } from "node:crypto";

/**
 * `count` free ports of 127.0.0.1. They lie below the range from which the kernel serves outgoing connections and
 * listeners on port 0 (32768 and up), so that nobody gets one by chance before our program has it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: { port: number; server: Server }[] = [];
  while (held.length < count) {
    const port = randomInt(15_000, 30_000);
    const server = await hold(port);
    if (server !== undefined) held.push({ port, server });
  }
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return held.map(({ port }) => port);
}

function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
