/** Servers that do not answer, each in its way. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import process from "node:process";

export interface Silent {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Takes connections, reads what comes, and never says a word. */
export async function startMute(): Promise<Silent> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.resume().on("error", () => undefined));
    socket.on("close", () => sockets.delete(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

const listener = `
  const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 });
  server.on("listening", () => console.log(server.address().port));`;

/**
 * Drops what asks for a connection, as a firewall may: a process that is stopped takes none, and once as many wait as it has
 * room for, the kernel answers no further SYN.
 */
export async function startBlackHole(): Promise<Silent> {
  const child = spawn(process.execPath, ["-e", listener], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  child.kill("SIGSTOP");
  const waiting: Socket[] = [];
  const stop = async (): Promise<void> => {
    for (const socket of waiting) socket.destroy();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  for (let full = false; !full;) {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    waiting.push(socket);
    full = !(await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 500, false)),
    ]));
  }
  return { port, stop };
}
