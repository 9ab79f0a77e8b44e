/** That workerd compresses what `respond` marks as compressed, once, however often it is wrapped. Runs the real binary. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "drover-render-"));
const socket = join(directory, "http.sock");
const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };
let server: ChildProcess | undefined;

beforeAll(async () => {
  await build({
    stdin: {
      contents: `import { respond } from "./render.ts";
        async function* parts() { for (let i = 0; i < 10; i++) yield "x".repeat(64 * 1024); }
        export default { async fetch(request) {
          const { pathname } = new URL(request.url);
          const body = pathname === "/parts" ? parts() : "x".repeat(pathname === "/short" ? 100 : 640 * 1024);
          const response = await respond(request, body, { contentType: "application/json" });
          if (pathname !== "/wrapped") return response;
          const { status, headers } = response;
          return new Response(response.body, { status, headers });
        } };`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: "esm",
    outfile: join(directory, "worker.js"),
  });
  writeFileSync(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
     const config :Workerd.Config = (
       services = [(name = "main", worker = (modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-10-01"))],
       sockets = [(name = "http", address = "unix:${socket}", http = (), service = "main")]
     );`,
  );
  server = spawn(workerd, ["serve", join(directory, "config.capnp")], { stdio: "ignore" });
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await ask("/short").catch(() => undefined)) !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("workerd did not answer");
});

afterAll(() => {
  server?.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** The body as it came over the wire. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const client = request({ socketPath: socket, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      response.on("error", reject);
    });
    client.on("error", reject);
    client.end();
  });
}

describe("answers of workerd", () => {
  it.each(["/long", "/parts", "/wrapped"])("are gzip exactly once for %s", async (path) => {
    const { headers, body } = await ask(path, { "accept-encoding": "gzip" });
    expect(headers["content-encoding"]).toBe("gzip");
    expect(headers.vary).toBe("Accept-Encoding");
    expect(gunzipSync(body).toString()).toBe("x".repeat(640 * 1024));
  });

  it.each(["/long", "/parts"])("are plain for a client that did not ask: %s", async (path) => {
    const { headers, body } = await ask(path);
    expect(headers["content-encoding"]).toBeUndefined();
    expect(body.toString()).toBe("x".repeat(640 * 1024));
  });

  it("have the length of the body in the headers of HEAD", async () => {
    const { headers, body } = await ask("/short", { "accept-encoding": "gzip" }, "HEAD");
    expect(headers["content-length"]).toBe("100");
    expect(body).toHaveLength(0);
  });
});
