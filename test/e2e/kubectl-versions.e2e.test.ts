/** Which kubectl can do what through Drover: the table of the README, tried with kubectl built from each version's own code. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBinaries, kubectlVersion } from "../testbed/build.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import type { KubectlOptions, KubectlResult } from "../testbed/kubectl.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { importInto, startAgent, writeKubeconfig } from "./cluster.ts";
import type { Agent } from "./cluster.ts";
import { callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import { watching } from "./watching.ts";
import type { Connection, Drover } from "./drover.ts";

const password = "kubectl versions passphrase";
/**
 * Up to 1.29 (port-forward: 1.30) kubectl opens commands and ports by SPDY, which the front wraps; 1.29 and 1.30 speak WebSocket
 * when these variables say so, as they must on Cloudflare.
 */
const versions = [
  { version: "1.27", modes: [{}] },
  { version: "1.29", modes: [{}, { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "true" }] },
  { version: "1.30", modes: [{}, { KUBECTL_PORT_FORWARD_WEBSOCKETS: "true" }] },
  { version: "1.31", modes: [{}] },
  { version: "1.36", modes: [{}] },
] as const;

/**
 * client-go up to 0.31 may read the first message, an empty one that says that the connection stands, before it has made
 * its streams, and complains. On a busy machine that happens now and then. (Later ones wait: remotecommand/websocket.go.)
 */
const earlyMessage = /^E\d+ .* Unknown stream id 1, discarding message\n/m;

describe("kubectl of every age", () => {
  let drover: Drover;
  let testbed: Testbed;
  let agent: Agent;
  let home: string;
  let kubeconfig: string;
  let admin: Connection;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-kubectl-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed(),
    ]);
    admin = await loginAs(drover, "admin", password);
    const cluster = await importInto(admin, "versions", testbed);
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

  it("waits and asks again when it is told that it asks too much", async () => {
    const setting = (value: string): Promise<unknown> =>
      callJson(admin, "PUT", "/v3/settings/cluster-requests-per-second-per-user", { value });
    await setting("2");
    const { kubectl } = testbed;
    const asked = Array.from({ length: 5 }, () =>
      runKubectl({ kubectl, kubeconfig, home: join(home, "limited") }, ["get", "pods", "-v=6"]),
    );
    const answers = await Promise.all(asked);
    await setting("");
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 0));
    expect(answers.some(({ stderr }) => /429|Retry-After/.test(stderr))).toBe(true);
  });

  describe.each(versions)("$version", ({ version, modes }) => {
    let program: string;
    const kubectl = (args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> =>
      runKubectl({ kubectl: program, kubeconfig, home: join(home, version) }, args, options);

    beforeAll(async () => {
      const onProgress = (line: string): void => console.error(line);
      program =
        version === "1.36"
          ? (await ensureBinaries({ onProgress })).kubectl
          : await kubectlVersion(version, { onProgress });
    }, 900_000);

    it("gets, describes, applies, patches, explains, deletes, follows logs and watches", async () => {
      const client = await kubectl(["version", "-o", "json"]);
      expect(client).toMatchObject({ code: 0 });
      expect(client.stdout).toContain(`"gitVersion": "v${version}.`);
      const name = `made-by-${version.replace(".", "-")}`;
      const manifest = JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name },
        data: { a: "1" },
      });
      const watch = watching(program, kubeconfig, ["get", "configmaps", "-w", "-o", "name"]);
      for (const args of [
        ["apply", "-f", "-"],
        ["apply", "--server-side", "--force-conflicts", "-f", "-"],
      ])
        expect(await kubectl(args, { input: manifest })).toMatchObject({ code: 0 });
      for (const [args, expected] of [
        [["get", "configmap", name, "-o", "jsonpath={.data.a}"], "1"],
        [["get", "pods"], "web"],
        [["describe", "pod", "web"], "image-that-nobody-pulls"],
        [["explain", "pod.spec"], "containers"],
        [["api-resources", "--api-group=apps"], "deployments"],
        [["auth", "can-i", "delete", "pods"], "yes"],
        [["logs", "web", "--tail=1"], "tick"],
        [["label", "configmap", name, "age=known"], "labeled"],
        [["delete", "configmap", name], "deleted"],
      ] as const) {
        const answer = await kubectl([...args]);
        expect([args, answer]).toEqual([
          args,
          { code: 0, stdout: expect.stringContaining(expected), stderr: "" },
        ]);
      }
      await eventually("the watch shows the ConfigMap", 5_000, () =>
        watch.output().includes(`configmap/${name}`) ? true : undefined,
      );
      watch.stop();
      const follow = watching(program, kubeconfig, ["logs", "-f", "web"]);
      await eventually("two lines of the log", 10_000, () =>
        follow.output().split("\n").length > 2 ? true : undefined,
      );
      follow.stop();
    });

    it.each(modes)("tunnel 47: executes commands, copies files both ways, attaches (%j)", async (env) => {
      const echo = await kubectl(["exec", "-i", "web", "--", "cat"], { input: "typed", env });
      expect({ ...echo, stderr: echo.stderr.replace(earlyMessage, "") }).toEqual({
        code: 0,
        stdout: "typed",
        stderr: "",
      });
      const failing = ["exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7"];
      expect(await kubectl(failing, { env })).toMatchObject({
        code: 7,
        stdout: "out\n",
        stderr: expect.stringContaining("err\n"),
      });
      // Larger than what may be on its way without word from the object.
      const [sent, back, name] = [join(home, "sent"), join(home, "back"), `from-${version}`];
      writeFileSync(sent, randomBytes(8 << 20));
      for (const args of [
        ["cp", sent, `web:${testbed.execDir}/${name}`],
        ["cp", `web:${testbed.execDir}/${name}`, back],
      ])
        expect(await kubectl(args, { env })).toMatchObject({ code: 0 });
      expect(readFileSync(back).equals(readFileSync(sent))).toBe(true);
      const attached = watching(program, kubeconfig, ["attach", "web"], env);
      await eventually("a line of the container", 10_000, () =>
        attached.output().includes("tick") ? true : undefined,
      );
      attached.stop();
    });

    it.each(modes)("tunnel 47: forwards ports (%j)", async (env) => {
      const forwarding = watching(program, kubeconfig, ["port-forward", "pod/web", ":80"], env);
      const port = await eventually("a local port", 10_000, () => {
        if (forwarding.ended()) throw new Error(forwarding.output());
        return /127\.0\.0\.1:(\d+)/.exec(forwarding.output())?.[1];
      });
      for (const path of ["/there", "/again"]) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        expect(await answer.text()).toContain(`pong ${path}`);
      }
      forwarding.stop();
    });
  });
});
