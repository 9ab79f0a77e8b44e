/**
 * What a new user does, as literally as a machine can: start Drover, log in, import a real cluster, work in it with
 * an unmodified kubectl. The tests build on each other, in order, as the steps do.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { cli, clusterHandle, startAgent } from "./cluster.ts";
import type { Agent, ImportedCluster } from "./cluster.ts";
import { call, callJson, cleanEnv, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";

const newPassword = "a brand new passphrase";

describe("the four steps of the README", () => {
  let home: string;
  let drover: Drover;
  let testbed: Testbed;
  let admin: Connection & { token: string };
  let cluster: ImportedCluster;
  let agent: Agent;
  let kubeconfig: string;

  /** kubectl through Drover. */
  const kubectl = (
    args: string[],
    options: { input?: string; timeoutMs?: number } = {},
  ): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    testbed.kubectlRun(args, { ...options, kubeconfig });

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-home-"));
    [drover, testbed] = await Promise.all([startDrover(), startTestbed()]);
  }, 900_000);

  afterAll(async () => {
    await agent?.stop();
    await Promise.all([drover?.stop(), testbed?.stop()]);
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  describe("1: npm start", () => {
    it("serves HTTPS with a certificate of its own CA", async () => {
      const answer = await call({ server: drover.url, ca: drover.ca }, "GET", "/ping");
      expect(answer).toEqual({ status: 200, text: "pong" });
    });

    it("prints a generated password, the CA's path and the next three commands", () => {
      expect(drover.password).toMatch(/^\S{20,}$/);
      expect(drover.output()).toContain(drover.caPath);
      for (const command of [
        "login",
        "import my-cluster | kubectl apply -f -",
        "kubeconfig my-cluster > kc",
      ]) {
        expect(drover.output()).toContain(`npm run drover -- ${command}`);
      }
    });
  });

  describe("2: login, import, kubeconfig", () => {
    it("auth 8: refuses everything but the password change while a generated password stands", async () => {
      const session = await loginAs(drover, "admin", drover.password ?? "");
      for (const path of [
        "/v3/clusters",
        "/v3/settings/server-url",
        "/v3/tokens",
        "/k8s/clusters/c-aaaaa/api",
      ]) {
        expect([path, (await call(session, "GET", path)).status]).toEqual([path, 403]);
      }
      expect((await call(session, "POST", "/v3/clusters", { name: "too-early" })).status).toBe(403);
    });

    it("changes the generated password on the way of a login by the CLI", async () => {
      const login = cli(drover, home, ["login", "--server", drover.url], {
        DROVER_PASSWORD: drover.password ?? "",
        DROVER_NEW_PASSWORD: newPassword,
      });
      expect(login).toMatchObject({ code: 0, stdout: "" });
      admin = await loginAs(drover, "admin", newPassword);
      const old = await call(admin, "POST", "/v1-public/login", {
        type: "localProvider",
        username: "admin",
        password: drover.password,
      });
      expect(old.status).toBe(401);
    });

    it("prints a manifest that a real kube-apiserver accepts, twice without a change", async () => {
      const manifest = cli(drover, home, ["import", "my-cluster"]);
      expect(manifest).toMatchObject({ code: 0 });
      const first = await testbed.kubectlRun(["apply", "-f", "-"], { input: manifest.stdout });
      expect(first).toMatchObject({ code: 0, stderr: "" });
      const again = cli(drover, home, ["import", "my-cluster"]);
      const second = await testbed.kubectlRun(["apply", "-f", "-"], { input: again.stdout });
      expect(second.code).toBe(0);
      for (const line of second.stdout.trim().split("\n")) expect(line).toMatch(/ unchanged$/);
      const listed = await callJson<{ data: { id: string; name: string }[] }>(
        admin,
        "GET",
        "/v3/clusters?name=my-cluster",
      );
      expect(listed.data).toHaveLength(1);
      cluster = clusterHandle(admin, listed.data[0]?.id ?? "");
    });

    it("answers 503 within a second, as a Status without Retry-After, before any agent came", async () => {
      const began = Date.now();
      const answer = await call(admin, "GET", `/k8s/clusters/${cluster.id}/api/v1/pods`);
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.text)).toMatchObject({ kind: "Status", apiVersion: "v1", code: 503 });
      expect(Date.now() - began).toBeLessThan(1_000);
    });

    it("becomes Active within 10 s of the agent's start (twice that on this shared machine)", async () => {
      expect(await cluster.state()).toBe("pending");
      agent = await startAgent(testbed, join(home, "agent"));
      await cluster.waitFor("active", 20_000);
    });

    it("prints a kubeconfig that kubectl takes as it is", async () => {
      const printed = cli(drover, home, ["kubeconfig", "my-cluster"]);
      expect(printed).toMatchObject({ code: 0 });
      kubeconfig = join(home, "kc");
      writeFileSync(kubeconfig, printed.stdout, { mode: 0o600 });
      const version = await kubectl(["version"]);
      expect(version).toMatchObject({ code: 0 });
      expect(version.stdout).toContain("Server Version: v1.36");
    });
  });

  describe("3: kubectl", () => {
    const pod = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: web, image: nginx }] }
`;

    it("applies, gets, describes, explains, lists resources, deletes", async () => {
      await eventually("service account default", 10_000, async () =>
        (await kubectl(["get", "serviceaccount", "default"])).code === 0 ? true : undefined,
      );
      expect(await kubectl(["apply", "-f", "-"], { input: pod })).toMatchObject({
        code: 0,
        stdout: "pod/web created\n",
      });
      const ready = await kubectl(["wait", "--for=condition=Ready", "pod/web", "--timeout=30s"]);
      expect(ready.stdout).toBe("pod/web condition met\n");
      expect((await kubectl(["describe", "pod", "web"])).stdout).toMatch(/Name:\s+web/);
      expect((await kubectl(["explain", "pod.spec.containers"])).stdout).toContain("FIELDS");
      expect((await kubectl(["api-resources"])).stdout).toContain("deployments");
      expect((await kubectl(["auth", "can-i", "create", "pods"])).stdout).toBe("yes\n");
      await kubectl(["create", "configmap", "short-lived", "--from-literal=a=b"]);
      expect((await kubectl(["delete", "configmap", "short-lived"])).stdout).toContain("deleted");
    });

    it("tunnel 46: brings a watch event to kubectl in well under a second", async () => {
      const watch = spawn(testbed.kubectl, ["get", "configmaps", "--watch-only", "-o", "name"], {
        env: cleanEnv({ KUBECONFIG: kubeconfig }),
      });
      let seen = "";
      watch.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await testbed.kubectlRun(["create", "configmap", "watched", "--from-literal=a=b"]);
      await eventually("the event", 1_000, () => (seen.includes("configmap/watched") ? true : undefined));
      watch.kill();
    });

    it("follows logs, attaches", async () => {
      const follow = spawn(testbed.kubectl, ["logs", "--follow", "web"], {
        env: cleanEnv({ KUBECONFIG: kubeconfig }),
      });
      let logs = "";
      follow.stdout.on("data", (chunk: Buffer) => (logs += chunk.toString()));
      await eventually("a line of the log", 10_000, () => (logs.includes("\n") ? true : undefined));
      follow.kill();
      const attached = spawn(testbed.kubectl, ["attach", "web"], {
        env: cleanEnv({ KUBECONFIG: kubeconfig }),
      });
      let screen = "";
      attached.stdout.on("data", (chunk: Buffer) => (screen += chunk.toString()));
      await eventually("a line of the attached container", 10_000, () =>
        screen.includes("\n") ? true : undefined,
      );
      attached.kill();
    });

    it("tunnel 47: executes commands: standard input, both outputs, the exit code, a terminal", async () => {
      const echo = await kubectl(["exec", "-i", "web", "--", "head", "-n", "1"], {
        input: "hello from outside\n",
      });
      expect(echo).toMatchObject({ code: 0, stdout: "hello from outside\n" });
      const both = await kubectl(["exec", "web", "--", "sh", "-c", "echo out; echo err >&2"]);
      expect(both).toMatchObject({ stdout: "out\n", stderr: expect.stringContaining("err") });
      expect((await kubectl(["exec", "web", "--", "sh", "-c", "exit 7"])).code).toBe(7);
      const terminal = spawn(
        "script",
        [
          "-qec",
          `stty rows 33 cols 99; ${testbed.kubectl} exec -it web -- sh -c 'test -t 0; sleep 1; echo size $(stty size)'`,
          "/dev/null",
        ],
        { env: cleanEnv({ KUBECONFIG: kubeconfig }) },
      );
      let screen = "";
      terminal.stdout.on("data", (chunk: Buffer) => (screen += chunk.toString()));
      await eventually("output of the terminal", 10_000, () =>
        screen.includes("size 33 99") ? true : undefined,
      );
      terminal.kill();
    });

    it("copies a file from a pod, and uploads one by tar", async () => {
      const source = join(home, "in-the-pod.txt");
      writeFileSync(source, "from the pod\n");
      const target = join(home, "copied.txt");
      const copied = await kubectl(["cp", `web:${source}`, target]);
      expect(copied.code).toBe(0);
      expect(readFileSync(target, "utf8")).toBe("from the pod\n");

      const big = join(home, "big.bin");
      writeFileSync(big, Buffer.alloc(30 << 20, "drover"));
      const uploaded = spawn(
        "sh",
        [
          "-c",
          `tar cf - -C ${home} big.bin | ${testbed.kubectl} exec -i web -- tar xf - -C ${home} --transform s/big/uploaded/`,
        ],
        { env: cleanEnv({ KUBECONFIG: kubeconfig }) },
      );
      expect(await new Promise((resolve) => uploaded.on("close", resolve))).toBe(0);
      expect(readFileSync(join(home, "uploaded.bin")).equals(readFileSync(big))).toBe(true);
    });

    it("forwards a port", async () => {
      const forward = spawn(testbed.kubectl, ["port-forward", "pod/web", ":80"], {
        env: cleanEnv({ KUBECONFIG: kubeconfig }),
      });
      let printed = "";
      forward.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
      const port = await eventually("a local port", 10_000, () => /127\.0\.0\.1:(\d+)/.exec(printed)?.[1]);
      for (const path of ["/one", "/two"]) {
        const body = await new Promise<string>((resolve, reject) => {
          request({ host: "127.0.0.1", port: Number(port), path }, (answer) => {
            let text = "";
            answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
            answer.on("end", () => resolve(text));
          })
            .on("error", reject)
            .end();
        });
        expect(body).toContain("pong");
      }
      forward.kill();
    });

    it("runs in the cluster as the Drover user, by impersonation, as the cluster's own audit log says", async () => {
      await kubectl(["get", "configmap", "watched"]);
      const users = await callJson<{ data: { id: string }[] }>(admin, "GET", "/v3/users?me=true");
      const entry = await eventually("the audit entry", 5_000, () =>
        readFileSync(testbed.auditLog, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as AuditEntry)
          .findLast((line) => line.requestURI.includes("configmaps/watched") && line.verb === "get"),
      );
      expect(entry.user.username).toBe("system:serviceaccount:cattle-system:cattle");
      expect(entry.impersonatedUser?.username).toBe(users.data[0]?.id);
      expect(entry.impersonatedUser?.groups).toContain("drover:cluster-owner");
      expect(entry.impersonatedUser?.groups).not.toContain("system:masters");
    });
  });

  describe("4: loss, return, removal", () => {
    it("is unavailable within 5 s of a closed socket, says so to kubectl at once, and Active again after the return", async () => {
      await agent.stop("SIGTERM");
      await cluster.waitFor("unavailable", 10_000);
      // For 20 s after the loss clients are told to try again: the agent is about to return.
      await eventually("nobody waits for the agent any more", 25_000, async () =>
        (await callRaw(admin, `/k8s/clusters/${cluster.id}/version`)).headers["retry-after"] === undefined
          ? true
          : undefined,
      );
      const began = Date.now();
      const answer = await kubectl(["get", "pods"], { timeoutMs: 20_000 });
      expect(answer.code).not.toBe(0);
      expect(answer.stderr).toContain("cluster agent disconnected");
      // The promise is 2 s.
      expect(Date.now() - began).toBeLessThan(4_000);
      const view = await callJson<{ transitioningMessage: string }>(
        admin,
        "GET",
        `/v3/clusters/${cluster.id}`,
      );
      expect(view.transitioningMessage).toContain("Cluster agent is not connected");
      agent = await startAgent(testbed, join(home, "agent"));
      await cluster.waitFor("active", 20_000);
      expect((await kubectl(["get", "pods"])).code).toBe(0);
    });

    it("a deleted cluster is gone with its rows and sessions, and the answer says what to run in the target", async () => {
      const answer = await call(admin, "DELETE", `/v3/clusters/${cluster.id}`);
      expect([200, 204]).toContain(answer.status);
      expect(answer.text).toContain("kubectl delete");
      await eventually("the cluster is gone", 10_000, async () =>
        (await call(admin, "GET", `/v3/clusters/${cluster.id}`)).status === 404 ? true : undefined,
      );
      await eventually("the agent was cut off", 10_000, async () =>
        (await call(admin, "GET", `/k8s/clusters/${cluster.id}/version`)).status === 404 ? true : undefined,
      );
      for (const type of ["clusterregistrationtokens", "tokens"]) {
        const left = await callJson<{ data: { clusterId?: string | null }[] }>(admin, "GET", `/v3/${type}`);
        expect(left.data.filter(({ clusterId }) => clusterId === cluster.id)).toEqual([]);
      }
      expect((await kubectl(["get", "pods"], { timeoutMs: 20_000 })).code).not.toBe(0);
    });
  });
});

function callRaw({ server, ca, token }: Connection, path: string): Promise<IncomingMessage> {
  const options = { ca, headers: { authorization: `Bearer ${token ?? ""}` }, agent: false };
  return new Promise((resolve, reject) => {
    secureRequest(`${server}${path}`, options, (answer) => resolve(answer.resume()))
      .on("error", reject)
      .end();
  });
}

interface AuditEntry {
  requestURI: string;
  verb: string;
  user: { username: string };
  impersonatedUser?: { username: string; groups: string[] };
}
