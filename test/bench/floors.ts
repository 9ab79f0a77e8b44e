/** The floors' Workers, behind Drover's own launcher and front. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

export interface Floors {
  readonly url: string;
  readonly caPath: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** In a process of their own: front and workerd are its CPU time, as launcher and workerd are Drover's. */
export async function startFloors(dataDir: string): Promise<Floors> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "floor/main.ts"), dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url, caPath } = JSON.parse(line) as { url: string; caPath: string };
  return {
    url,
    caPath,
    pid: child.pid ?? 0,
    async stop() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
