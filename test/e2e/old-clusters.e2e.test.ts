/**
 * Clusters before 1.30, which do not know the protocols of today's kubectl: a kube-apiserver with what it was taught then
 * switched off, before kubelets (of the streaming library) that never learned it.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlVersion } from "../testbed/build.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import type { KubectlOptions, KubectlResult } from "../testbed/kubectl.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { importInto, startAgent, writeKubeconfig } from "./cluster.ts";
import type { Agent } from "./cluster.ts";
import { cleanEnv, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";

const password = "old clusters passphrase";

describe("a cluster before 1.30", () => {
  let drover: Drover;
  let testbed: Testbed;
  let agent: Agent;
  let home: string;
  let kubeconfig: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-old-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed({
        apiServerArgs: [
          "--feature-gates=TranslateStreamCloseWebsocketRequests=false,PortForwardWebsockets=false",
        ],
      }),
    ]);
    const admin = await loginAs(drover, "admin", password);
    const cluster = await importInto(admin, "old", testbed);
    agent = await startAgent(testbed, join(home, "agent"));
    await Promise.all([cluster.waitFor("active", 20_000), testbed.createPod("web")]);
    kubeconfig = await writeKubeconfig(admin, cluster.id, join(home, "kc"));
  }, 900_000);

  afterAll(async () => {
    await agent?.stop();
    await Promise.all([drover?.stop(), testbed?.stop()]);
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  describe.each(["1.31", "1.36"] as const)("by kubectl %s", (version) => {
    let program: string;
    const kubectl = (args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> =>
      runKubectl({ kubectl: program, kubeconfig, home: join(home, version) }, args, options);

    beforeAll(async () => {
      program =
        version === "1.36"
          ? testbed.kubectl
          : await kubectlVersion(version, { onProgress: (line) => console.error(line) });
    }, 900_000);

    it("tunnel 47: executes commands, with the end of standard input, both outputs and the exit code", async () => {
      const echo = await kubectl(["exec", "-i", "web", "--", "sh", "-c", "cat; echo done >&2; exit 3"], {
        input: "typed",
      });
      expect(echo).toMatchObject({ code: 3, stdout: "typed", stderr: expect.stringContaining("done\n") });
      // kubectl would try SPDY by itself, where it can.
      const told = await kubectl(["exec", "-v=6", "web", "--", "true"]);
      expect(told.code).toBe(0);
      expect(told.stderr).not.toMatch(/fallback/i);
      const refused = await kubectl(["exec", "absent", "--", "true"]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('pods "absent" not found') });
    });

    it("tunnel 47: copies files both ways, attaches, has a terminal", async () => {
      const [sent, back, name] = [join(home, "sent"), join(home, "back"), `from-${version}`];
      writeFileSync(sent, randomBytes(4 << 20));
      for (const args of [
        ["cp", sent, `web:${testbed.execDir}/${name}`],
        ["cp", `web:${testbed.execDir}/${name}`, back],
      ])
        expect(await kubectl(args)).toMatchObject({ code: 0 });
      expect(readFileSync(back).equals(readFileSync(sent))).toBe(true);
      const attached = running([program, "attach", "web"]);
      await attached.shows(/tick/);
      attached.stop();
      const command = `${program} exec -it web -- sh -c 'test -t 0; sleep 1; echo size $(stty size)'`;
      const terminal = running(["script", "-qec", `stty rows 33 cols 99; ${command}`, "/dev/null"]);
      await terminal.shows(/size 33 99/);
      terminal.stop();
    });

    it("tunnel 47: forwards ports", async () => {
      const forwarding = running([program, "port-forward", "pod/web", ":80"]);
      const [, port] = await forwarding.shows(/127\.0\.0\.1:(\d+)/);
      for (const path of ["/there", "/again"])
        expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).toContain(`pong ${path}`);
      forwarding.stop();
    });
  });

  function running([program = "", ...args]: readonly string[]): {
    shows: (pattern: RegExp) => Promise<RegExpExecArray>;
    stop: () => void;
  } {
    const child = spawn(program, args, { env: cleanEnv({ KUBECONFIG: kubeconfig }) });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return {
      shows: (pattern) => eventually(String(pattern), 10_000, () => pattern.exec(output) ?? undefined),
      stop: () => void child.kill(),
    };
  }
});
