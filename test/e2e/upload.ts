/** A client in the middle of an upload, in a process of its own: what is killed has no chance to say anything. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { cleanEnv } from "./drover.ts";
import type { Drover } from "./drover.ts";

export interface Upload {
  /** All that it sends is on its way. */
  readonly sent: Promise<void>;
  readonly kill: () => void;
}

/** A bare connection that sends the beginning of a body. */
const script = `
  const { connect } = require("node:tls");
  const [port, path, token, ca, bytes] = process.argv.slice(1);
  const socket = connect({ host: "localhost", port: Number(port), servername: "localhost", ca }, () => {
    socket.write("POST " + path + " HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer " + token +
      "\\r\\nContent-Length: 100000000\\r\\n\\r\\n");
    socket.write(Buffer.alloc(Number(bytes), "u"), () => process.stdout.write("sent"));
  });
  socket.resume();
`;

export function startUpload({ port, ca }: Drover, path: string, token: string, bytes: number): Upload {
  const args = ["-e", script, String(port), path, token, ca, String(bytes)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: cleanEnv() });
  return {
    sent: once(child.stdout, "data").then(() => undefined),
    kill: () => void child.kill("SIGKILL"),
  };
}
