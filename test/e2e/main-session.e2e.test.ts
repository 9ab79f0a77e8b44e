/**
 * A cluster whose agent opens a main session alone, as Rancher's does unless it is told otherwise: requests go by TLS of Drover's own to
 * a real kube-apiserver. The same cluster is there a second time, with a steve session, to compare.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { makePair } from "../tls/certificates.ts";
import { importInto, writeKubeconfig } from "./cluster.ts";
import type { ImportedCluster } from "./cluster.ts";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { startRancherAgent } from "./rancher-agent.ts";

const password = "main session passphrase";

interface Status {
  caCert: string;
}

describe("an agent with a main session only", () => {
  let drover: Drover;
  let testbed: Testbed;
  let admin: Connection & { token: string };
  let home: string;
  const agents: Peer[] = [];
  /** By TLS, and in the clear. */
  let main: ImportedCluster;
  let steve: ImportedCluster;
  const configs = new Map<ImportedCluster, string>();

  const joined = async (name: string, env: Record<string, string>): Promise<ImportedCluster> => {
    const cluster = await importInto(admin, name, testbed);
    agents.push(await startRancherAgent(buildPeer("v0.6.1"), testbed, join(home, name), env));
    await cluster.waitFor("active", 60_000);
    configs.set(cluster, await writeKubeconfig(admin, cluster.id, join(home, `${name}.kubeconfig`)));
    return cluster;
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-main-session-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed(),
    ]);
    admin = await loginAs(drover, "admin", password);
    await testbed.createPod("web");
    main = await joined("main-only", { CATTLE_FEATURES: "" });
    steve = await joined("with-steve", {});
  }, 900_000);

  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await Promise.all([drover?.stop(), testbed?.stop()]);
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  const kubectl = async (cluster: ImportedCluster, ...args: string[]): Promise<string> => {
    const kubeconfig = configs.get(cluster);
    if (kubeconfig === undefined) throw new Error("no kubeconfig");
    const { code, stdout, stderr } = await testbed.kubectlRun(args, { kubeconfig });
    expect([args, code, stderr]).toEqual([args, 0, ""]);
    return stdout;
  };
  const path = ({ id }: ImportedCluster, rest: string): string => `/k8s/clusters/${id}${rest}`;

  it("has no steve session, and is Active all the same", async () => {
    expect(agents[0]?.events.map(({ event }) => event)).not.toContain("steve-connected");
    expect((await call(admin, "GET", path(main, "/v1/pods"))).status).toBe(503);
  });

  it("tunnel 51: gives the same answers to get, list, watch and refusals as by a steve session", async () => {
    const since = JSON.parse((await call(admin, "GET", path(main, "/api/v1/nodes"))).text) as {
      metadata: { resourceVersion: string };
    };
    for (const target of [
      "/version",
      "/api/v1/namespaces/default/pods/web",
      "/api/v1/namespaces/kube-system/configmaps",
      "/apis/apps/v1/deployments?limit=1",
      "/api/v1/namespaces/default/pods/absent",
      "/openapi/v3",
      "/apis/none/v1/things",
      `/api/v1/nodes?watch=1&resourceVersion=${since.metadata.resourceVersion}&timeoutSeconds=1`,
    ]) {
      const [byTls, inTheClear] = await Promise.all([
        call(admin, "GET", path(main, target)),
        call(admin, "GET", path(steve, target)),
      ]);
      // Nodes report their state now and then: between the two answers, too.
      if (!target.includes("watch=1")) expect([target, byTls]).toEqual([target, inTheClear]);
      expect([target, byTls.status]).toEqual([target, inTheClear.status]);
    }
  });

  it("tunnel 51: creates, patches, watches and deletes as by a steve session", async () => {
    const results = [];
    for (const cluster of [main, steve]) {
      await kubectl(cluster, "create", "configmap", "compared", "--from-literal=a=b");
      await kubectl(cluster, "patch", "configmap", "compared", "-p", '{"data":{"a":"c"}}');
      const seen = await kubectl(cluster, "get", "configmap", "compared", "-o", "jsonpath={.data}");
      const events = kubectl(
        cluster,
        "get",
        "configmap",
        "compared",
        "--watch",
        "-o",
        "name",
        "--request-timeout=2s",
      );
      await kubectl(cluster, "annotate", "configmap", "compared", "x=y");
      await kubectl(cluster, "delete", "configmap", "compared");
      results.push([seen, (await events.catch(String)).split("\n")[0]]);
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.[0]).toBe('{"a":"c"}');
  });

  it("runs commands in pods, follows logs, and acts as the user", async () => {
    expect(await kubectl(main, "exec", "web", "--", "echo", "from the pod")).toBe("from the pod\n");
    expect(await kubectl(main, "logs", "web", "--tail=1")).not.toBe("");
    const who = JSON.parse(await kubectl(main, "auth", "whoami", "-o", "json")) as {
      status: { userInfo: { username: string; groups: string[] } };
    };
    expect(who.status.userInfo.username).not.toContain("cattle");
    expect(who.status.userInfo.groups).toContain("drover:cluster-owner");
  });

  it("takes many requests at once, over streams that it keeps", async () => {
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => call(admin, "GET", path(main, "/api/v1/namespaces/kube-system"))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(64).fill(200));
  });

  it("is back after a restart of Drover", async () => {
    const { dataDir, port } = drover;
    await drover.stop();
    drover = await startDrover({ dataDir, port });
    await eventually("kubectl works again", 30_000, async () =>
      (await call(admin, "GET", path(main, "/version"))).status === 200 ? true : undefined,
    );
    await main.waitFor("active", 20_000);
  });

  it("tunnel 52: is not asked when its CA is another's, and the answer says why; and is asked again when that is mended", async () => {
    const row = `/k8s/clusters/local/apis/management.cattle.io/v3/clusters/${main.id}/status`;
    const put = async (change: Partial<Status>): Promise<Status> => {
      const { status } = await eventually("the status is written", 10_000, async () => {
        const cluster = await callJson<{ status: Status }>(admin, "GET", row.replace(/\/status$/, ""));
        const before = structuredClone(cluster);
        Object.assign(cluster.status, change);
        const answer = await call(admin, "PUT", row, cluster);
        return answer.status === 200 ? before : undefined;
      });
      return status;
    };
    const becomes = (reason: string): Promise<boolean> =>
      eventually(`502 for ${reason}`, 20_000, async () => {
        const answer = await call(admin, "GET", path(main, "/version"));
        if (answer.status === 502 && answer.text.includes(reason)) return true;
        throw new Error(`${answer.status} ${answer.text}`);
      });
    const good = await put({ caCert: Buffer.from(makePair().ca.pem).toString("base64") });
    await becomes("signed by an unknown authority");
    await put({ caCert: good.caCert });
    await eventually("it is good again", 20_000, async () =>
      (await call(admin, "GET", path(main, "/version"))).status === 200 ? true : undefined,
    );
  });
});
