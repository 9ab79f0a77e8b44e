/** That workerd itself normalises nothing: all of target.ts rests on it. Runs the real binary, on a unix socket. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "drover-target-"));
const socket = join(directory, "http.sock");
const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };
let server: ChildProcess | undefined;

beforeAll(async () => {
  await build({
    stdin: {
      contents: `import { splitUrl, targetProblem } from "./target.ts";
        export default { fetch: ({ url, headers }) =>
          Response.json({ ...splitUrl(url), problem: targetProblem(splitUrl(url), headers.get("host")) }) };`,
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
    if ((await send("/").catch(() => "")) !== "") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("workerd did not answer");
});

afterAll(() => {
  server?.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** One request with exactly this target on its request line; answers the whole response. */
function send(target: string, host = "drover.example:8443"): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = connect(socket);
    let text = "";
    client.on("data", (chunk) => (text += chunk.toString("latin1")));
    client.on("error", reject);
    client.on("close", () => resolve(text));
    client.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

async function seen(target: string, host?: string): Promise<{ target: string; problem?: string }> {
  const answer = await send(target, host);
  return JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))) as { target: string; problem?: string };
}

describe("the target as workerd gives it to us", () => {
  it.each([
    "/a/../b",
    "/a/%2e%2e/b",
    "/a/%2E./b",
    "/a/./b",
    "/a/..",
    "/a/%2f../b",
    "/a/..%2fb",
    "/a\\..\\b",
    "/a/%5c../b",
  ])("holds the dot segment of %s as it was sent, so that we can refuse it", async (target) => {
    expect(await seen(target)).toMatchObject({ target, problem: "the path holds a dot segment" });
  });

  it.each([
    "//b//c",
    "/%252e%252e/b",
    "/a/...",
    "/v3/principals/local:%2F%2Fu-a",
    "/a?x=/../y&z=%2e%2e",
    "/a/%E0%A4%A",
    "/a|b",
  ])("is unchanged for %s", async (target) => {
    const answer = await seen(target);
    expect(answer).toMatchObject({ target });
    expect(answer.problem).toBeUndefined();
  });

  it("does not let a Host header move the path", async () => {
    expect((await seen("/a", "evil/k8s/clusters/c-x?")).problem).toBeDefined();
    expect((await seen("/a", "evil?x")).problem).toBeDefined();
  });

  it("keeps our host for a target in absolute form", async () => {
    expect(await seen("http://evil.example/a/../b")).toMatchObject({ target: "/a/../b" });
  });
});
