/** Clusters whose API endpoint Drover reaches itself, without an agent: added by the CLI, used, and what their silence does. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { startRelay } from "../relay.ts";
import { startBlackHole, startMute } from "../setup/black-hole.ts";
import type { Silent } from "../setup/black-hole.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { makePair } from "../tls/certificates.ts";
import { cli, clusterHandle } from "./cluster.ts";
import type { ImportedCluster } from "./cluster.ts";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";

const password = "direct cluster passphrase";
const secretsPath = "/k8s/clusters/local/api/v1/namespaces/cattle-global-data/secrets";

describe("a cluster without an agent", () => {
  let drover: Drover;
  let testbed: Testbed;
  let admin: Connection & { token: string };
  let home: string;
  let cluster: ImportedCluster;
  let silent: readonly Silent[] = [];

  /** With the test bed's kubectl. */
  const drive = (args: readonly string[]): ReturnType<typeof cli> =>
    cli(drover, home, args, {
      DROVER_PASSWORD: password,
      PATH: `${dirname(testbed.kubectl)}:${process.env["PATH"] ?? ""}`,
    });
  const connect = (name: string, ...args: string[]): ReturnType<typeof cli> =>
    drive(["connect", name, "--kubeconfig", testbed.kubeconfig, ...args]);
  const path = (rest: string, { id } = cluster): string => `/k8s/clusters/${id}${rest}`;
  /** What else is written of it. */
  const known = (id: string, status: object): Promise<true> =>
    eventually("the status is written", 10_000, async () => {
      const row = `/k8s/clusters/local/apis/management.cattle.io/v3/clusters/${id}`;
      const current = await callJson<{ status?: object }>(admin, "GET", row);
      const body = { ...current, status: { ...current.status, ...status } };
      return (await call(admin, "PUT", `${row}/status`, body)).status === 200 ? true : undefined;
    });
  const credentialsOf = async (id: string): Promise<string[]> => {
    const { items } = await callJson<{ items: { metadata: { name: string } }[] }>(
      admin,
      "GET",
      `${secretsPath}?labelSelector=drover.io%2Fcluster-credential%3D${id}`,
    );
    return items.map(({ metadata }) => metadata.name);
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-direct-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed(),
    ]);
    silent = await Promise.all([startBlackHole(), startMute()]);
    admin = await loginAs(drover, "admin", password);
    const login = drive(["login", "--server", drover.url]);
    expect(login.code, login.stderr).toBe(0);
  }, 900_000);

  afterAll(async () => {
    await Promise.all(silent.map((one) => one.stop()));
    await Promise.all([drover?.stop(), testbed?.stop()]);
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it("is added by a kubeconfig's context, becomes Active, and answers as it would itself", async () => {
    const { code, stdout, stderr } = connect("direct");
    expect([code, stdout], stderr).toEqual([0, ""]);
    const [, id = ""] = /^Cluster direct is (c-\w+), at https:\/\/127\.0\.0\.1:\d+\.$/m.exec(stderr) ?? [];
    expect(stderr).toMatch(/^It answers: Kubernetes v1\./m);
    cluster = clusterHandle(admin, id);
    await cluster.waitFor("active", 30_000);
    const target = "/api/v1/namespaces/kube-system/serviceaccounts/drover";
    const direct = await callJson(admin, "GET", path(target));
    const { stdout: itself } = await testbed.kubectlRun(["get", "--raw", target]);
    expect(direct).toEqual(JSON.parse(itself));
    expect((await call(admin, "GET", path("/v1/pods"))).status).toBe(503);
    const [before] = await credentialsOf(id);

    const again = connect("direct");
    expect(again.code, again.stderr).toBe(0);
    const after = await credentialsOf(id);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual([before]);
  });

  it("has its bytes counted", async () => {
    await eventually("they are reported", 20_000, async () => {
      const { text } = await call(admin, "GET", "/metrics");
      const value = (name: string): number =>
        Number(
          new RegExp(`^drover_tunnel_${name}\\{[^}]*${cluster.id}[^}]*\\} (\\d+)`, "m").exec(text)?.[1] ?? 0,
        );
      const counted = ["received_bytes_total", "sent_bytes_total", "dials_total"].map(value);
      const [received = 0, sent = 0, dials = 0] = counted;
      if (received > 2_000 && sent > 500 && dials > 0) return true;
      throw new Error(counted.join());
    });
  });

  it("is not asked when its CA is another's, and the answer says why", async () => {
    const caCert = Buffer.from(makePair().ca.pem).toString("base64");
    await known(cluster.id, { caCert });
    await cluster.waitFor("unavailable", 20_000);
    const refused = await call(admin, "GET", path("/version"));
    expect(refused).toMatchObject({ status: 502, text: expect.stringContaining("unknown authority") });
  });

  it("that does not answer any more is given up in time: its network, its server, or both in the middle of a silent watch", async () => {
    const [credential = ""] = await credentialsOf(cluster.id);
    const caCert = Buffer.from(testbed.caPem).toString("base64");
    const reasons = [
      /dial tcp 127\.0\.0\.1:\d+: no connection within 10 s/,
      /TLS: no end of the handshake within 15 s/,
    ];
    const givenUp = async ({ port }: Silent, index: number): Promise<void> => {
      const name = `silent-${index}`;
      const { id } = await callJson<{ id: string }>(admin, "POST", "/v3/clusters", { name });
      const apiEndpoint = `https://127.0.0.1:${port}`;
      await known(id, { driver: "direct", caCert, serviceAccountTokenSecret: credential, apiEndpoint });
      // What the object knows of the cluster may be of before.
      const answer = await eventually("an answer about that endpoint", 45_000, async () => {
        const one = await call(admin, "GET", path("/version", clusterHandle(admin, id)));
        return one.status === 503 ? undefined : one;
      });
      expect(answer.status).toBe(502);
      expect(answer.text).toMatch(reasons[index] ?? "");
    };
    /** What becomes of a watch without events when its server has vanished behind the handshake. */
    const cutOff = async (): Promise<void> => {
      const relay = await startRelay(Number(new URL(testbed.server).port));
      try {
        const { id } = await callJson<{ id: string }>(admin, "POST", "/v3/clusters", { name: "vanishing" });
        const apiEndpoint = `https://127.0.0.1:${relay.port}`;
        await known(id, { driver: "direct", caCert, serviceAccountTokenSecret: credential, apiEndpoint });
        const target = path("/api/v1/namespaces/nosuch/pods?watch=true", clusterHandle(admin, id));
        const watch = async (): Promise<IncomingMessage> => {
          const headers = { authorization: `Bearer ${admin.token}` };
          const asked = request(new URL(target, drover.url), { ca: drover.ca, headers, agent: false }).end();
          const [answer] = (await once(asked, "response")) as [IncomingMessage];
          return answer;
        };
        const answer = await eventually("the watch", 45_000, async () => {
          const one = await watch();
          if (one.statusCode === 200) return one;
          one.resume();
          return undefined;
        });
        const ended = once(answer.resume(), "end").then(() => "an end", String);
        // By then it has been seen to give signs of life when asked.
        const early = await Promise.race([ended, sleep(10_000, "silence")]);
        expect(early).toBe("silence");
        relay.freeze();
        expect(await ended).toMatch(/aborted/);
      } finally {
        relay.close();
      }
    };
    await Promise.all([...silent.map(givenUp), cutOff()]);
  });

  it("is refused by the CLI in one line when Drover could not use it", async () => {
    const view = parse(readFileSync(testbed.kubeconfig, "utf8")) as {
      clusters: { cluster: Record<string, unknown> }[];
    };
    const written = (name: string, change: object): string => {
      const file = join(home, name);
      const clusters = view.clusters.map((one) => ({ ...one, cluster: { ...one.cluster, ...change } }));
      writeFileSync(file, stringify({ ...view, clusters }), { mode: 0o600 });
      return file;
    };
    const unverified = written("unverified", {
      "insecure-skip-tls-verify": true,
      "certificate-authority-data": undefined,
      "certificate-authority": undefined,
    });
    for (const [args, reason] of [
      [["connect"], "usage: npm run drover -- connect NAME"],
      [["connect", "x", "--kubeconfig", unverified], "no certificate authority"],
      [["connect", "x", "--kubeconfig", testbed.kubeconfig, "--context", "nosuch"], "nosuch"],
      [["connect", "x", "--kubeconfig", join(home, "absent")], "kubectl config ended with code 1"],
      [["connect", "local", "--kubeconfig", testbed.kubeconfig], "local is Drover itself"],
    ] as const) {
      const { code, stdout, stderr } = drive(args);
      expect([code, stdout, stderr.trim().split("\n").length], stderr).toEqual([1, "", 1]);
      expect(stderr).toContain(reason);
    }
    const { stdout } = drive(["clusters"]);
    expect(stdout).not.toMatch(/^x /m);
  });
});
