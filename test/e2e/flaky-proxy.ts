/** A TCP proxy before a database that can hang (bytes stop, connections stay) or be away (nothing gets through). */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

export interface FlakyProxy {
  readonly port: number;
  /** `hang`: accepts and goes silent. `away`: hangs up. */
  mode: (mode: "pass" | "hang" | "away") => void;
  readonly stop: () => Promise<void>;
}

export async function flakyProxy(target: { host: string; port: number }): Promise<FlakyProxy> {
  let now: "pass" | "hang" | "away" = "pass";
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const add = (socket: Socket): void => {
      sockets.add(socket);
      socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    };
    add(client);
    if (now === "away") client.destroy();
    if (now !== "pass") return;
    const upstream = connect(target);
    add(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on("data", (chunk: Buffer) => {
        if (now === "pass") to.write(chunk);
      });
      from.on("close", () => to.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    mode: (mode) => {
      now = mode;
      if (mode === "away") cut();
    },
    stop: async () => {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}
