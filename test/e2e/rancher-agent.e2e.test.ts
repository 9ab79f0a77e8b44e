/**
 * Rancher's cluster agent joins by our manifest, unchanged (tunnel.md 2.2-2.10, checks 37 and 38): a Go program that does
 * exactly what that agent does, with the remotedialer of each release, against a real kube-apiserver.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentVersions, buildPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { agentPod, importInto, writeKubeconfig } from "./cluster.ts";
import type { ImportedCluster } from "./cluster.ts";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { connectAgent, tryConnect, tunnelParams } from "./scripted-agent.ts";
import { startRancherAgent } from "./rancher-agent.ts";
import { watching } from "./watching.ts";

interface ClusterStatus {
  serviceAccountTokenSecret: string;
  apiEndpoint: string;
  clusterIdentity?: { namespaceUid: string };
}

const password = "rancher agent passphrase";

describe("Rancher's cluster agent", () => {
  let drover: Drover;
  let testbed: Testbed;
  let admin: Connection & { token: string };
  let home: string;
  let agent: Peer | undefined;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-rancher-agent-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed(),
    ]);
    admin = await loginAs(drover, "admin", password);
    await testbed.createPod("web");
  }, 900_000);

  afterAll(async () => {
    await agent?.stop();
    await Promise.all([drover?.stop(), testbed?.stop()]);
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  const kubeconfigOf = ({ id }: ImportedCluster): Promise<string> =>
    writeKubeconfig(admin, id, join(home, `${id}.kubeconfig`));

  describe.each(agentVersions)("with remotedialer %s", (version) => {
    let cluster: ImportedCluster;
    let kubeconfig: string;
    const kubectl = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await testbed.kubectlRun(args, { kubeconfig });
      expect([args, code, stderr]).toEqual([args, 0, ""]);
      return stdout;
    };

    it("tunnel 37, tunnel 38: joins by the manifest, opens both sessions and is Active within 30 s", async () => {
      cluster = await importInto(admin, `rancher-${version.replaceAll(".", "-")}`, testbed);
      kubeconfig = await kubeconfigOf(cluster);
      agent = await startRancherAgent(buildPeer(version), testbed, join(home, version));
      expect(await agent.next("ready")).toMatchObject({ cacertsValid: true });
      expect(await agent.next("main-connected")).toMatchObject({
        url: `wss://localhost:${drover.port}/v3/connect/register`,
      });
      await agent.next("steve-connected");
      await cluster.waitFor("active", 60_000);
      expect((await call(admin, "GET", `/k8s/clusters/${cluster.id}/ping`)).status).toBe(200);
    });

    it("lets kubectl work: reads, writes, a command in a pod", async () => {
      expect(await kubectl("get", "pods", "-o", "name")).toBe("pod/web\n");
      await kubectl("create", "configmap", "by-rancher-agent", "--from-literal=a=b");
      await kubectl("delete", "configmap", "by-rancher-agent");
      expect(await kubectl("exec", "web", "--", "echo", "from the pod")).toBe("from the pod\n");
    });

    it("reaches what the embedded server of the agent does not hand on: by the main session", async () => {
      const ask = (path: string): Promise<{ status: number; text: string }> =>
        call(admin, "GET", `/k8s/clusters/${cluster.id}${path}`);
      expect(await ask("/livez?verbose")).toMatchObject({
        status: 200,
        text: expect.stringContaining("livez check passed"),
      });
      expect(await ask("/api")).toMatchObject({ status: 200, text: expect.stringContaining("APIVersions") });
      expect(await ask("/metrics")).toMatchObject({
        status: 200,
        text: expect.stringContaining("apiserver_request_total"),
      });
    });

    it("tunnel 46: shows watch events and lines of a log as they come", async () => {
      const watch = watching(testbed.kubectl, kubeconfig, ["get", "configmaps", "-w", "-o", "name"]);
      const follow = watching(testbed.kubectl, kubeconfig, ["logs", "-f", "web"]);
      await eventually("what is there", 10_000, () =>
        watch.output().includes("configmap/kube-root-ca.crt") && follow.output().includes("tick")
          ? true
          : undefined,
      );
      await kubectl("create", "configmap", "watched-by-rancher-agent");
      const ticks = follow.output().length;
      await eventually("the event, and the next line", 5_000, () =>
        watch.output().includes("configmap/watched-by-rancher-agent") && follow.output().length > ticks
          ? true
          : undefined,
      );
      watch.stop();
      follow.stop();
      await kubectl("delete", "configmap", "watched-by-rancher-agent");
    });

    it("is back after a restart of Drover, with both sessions", async () => {
      const { dataDir, port } = drover;
      await drover.stop();
      drover = await startDrover({ dataDir, port });
      await agent?.next("main-disconnected");
      expect(await agent?.next("main-connected", 60_000)).toMatchObject({
        url: `wss://localhost:${drover.port}/v3/connect`,
      });
      await agent?.next("steve-connected", 60_000);
      await eventually("kubectl works again", 20_000, async () =>
        (await call(admin, "GET", `/k8s/clusters/${cluster.id}/api`)).status === 200 ? true : undefined,
      );
      await cluster.waitFor("active", 20_000);
      expect(await kubectl("get", "pods", "-o", "name")).toBe("pod/web\n");
      await agent?.stop();
      agent = undefined;
    });
  });

  it("is the only one that the registration token lets in, and may change its own token", async () => {
    const cluster = await importInto(admin, "known", testbed);
    const binary = buildPeer("v0.6.1");
    agent = await startRancherAgent(binary, testbed, join(home, "known"));
    await cluster.waitFor("active", 60_000);
    const path = `/k8s/clusters/local/apis/management.cattle.io/v3/clusters/${cluster.id}`;
    const known = await eventually("the identity is written down", 10_000, async () => {
      const { status } = await callJson<{ status: ClusterStatus }>(admin, "GET", path);
      return status.clusterIdentity === undefined ? undefined : status;
    });
    const { credentials } = await agentPod(testbed);
    const token = credentials["token"] ?? "";
    const works = async (): Promise<void> =>
      expect(
        await callJson(admin, "GET", `/k8s/clusters/${cluster.id}/api/v1/namespaces/kube-system`),
      ).toMatchObject({ metadata: { uid: known.clusterIdentity?.namespaceUid } });

    // A thief with the token, who even knows the uid of kube-system.
    const thief = await connectAgent(drover, token, (incoming, outgoing) => {
      const namespace = { kind: "Namespace", metadata: { uid: known.clusterIdentity?.namespaceUid } };
      outgoing.end(JSON.stringify(incoming.url?.endsWith("/kube-system") === true ? namespace : {}));
    });
    expect(JSON.stringify(await thief.ended)).toContain("refused: it does not have the key");
    await works();
    const { socket } = await tryConnect(drover, "/v3/connect", {
      "X-API-Tunnel-Token": token,
      "X-API-Tunnel-Params": tunnelParams({ address: "192.0.2.1:443", caCert: btoa("CA"), token: "mine" }),
    });
    const [code, reason] = (await once(socket ?? expect.fail("no socket"), "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([
      1008,
      "refused: its token is not of the agent's account in the cluster",
    ]);
    await works();
    const { status } = await callJson<{ status: ClusterStatus }>(admin, "GET", path);
    expect(status).toMatchObject(known);
    expect(drover.output()).toMatch(/"message":"agent refused".*"kind":"main"/);

    // The account's long-lived token is made anew: the agent says so, and the cluster confirms it.
    await agent.stop();
    await testbed.kubectlRun([
      "-n",
      "cattle-system",
      "delete",
      "secrets",
      "-l",
      "cattle.io/service-account.name=cattle",
    ]);
    await testbed.kubectlRun([
      "-n",
      "cattle-system",
      "annotate",
      "serviceaccount",
      "cattle",
      "rancher.io/service-account.secret-ref-",
    ]);
    agent = await startRancherAgent(binary, testbed, join(home, "known-again"));
    await eventually("the new credential is written down", 30_000, async () => {
      const { status: now } = await callJson<{ status: ClusterStatus }>(admin, "GET", path);
      return now.serviceAccountTokenSecret === known.serviceAccountTokenSecret ? undefined : true;
    });
    const old = `/k8s/clusters/local/api/v1/namespaces/cattle-global-data/secrets/${known.serviceAccountTokenSecret}`;
    await eventually("the old credential is gone", 5_000, async () =>
      (await call(admin, "GET", old)).status === 404 ? true : undefined,
    );
    await works();
    await agent.stop();
  });

  it("gets a rotated registration token by its Deployment, while the old one still counts", async () => {
    const cluster = await importInto(admin, "rotating", testbed);
    const { credentials } = await agentPod(testbed);
    const old = await startRancherAgent(buildPeer("v0.6.1"), testbed, join(home, "old-token"));
    await old.next("steve-connected");
    await cluster.waitFor("active", 60_000);
    const path = `/k8s/clusters/local/apis/management.cattle.io/v3/namespaces/${cluster.id}/clusterregistrationtokens/default-token`;
    const token = await callJson<{ metadata: object }>(admin, "GET", path);
    const annotations = { "drover.io/rotate-token": "true" };
    await callJson(admin, "PUT", path, { ...token, metadata: { ...token.metadata, annotations } });
    const pod = await eventually("the Deployment has other credentials", 20_000, async () => {
      const now = await agentPod(testbed);
      return now.credentials["token"] === credentials["token"] ? undefined : now;
    });
    expect(pod.credentials["url"]).toBe(credentials["url"]);
    expect(pod.env["CATTLE_CREDENTIAL_NAME"]).toMatch(/^cattle-credentials-[0-9a-f]{10}$/);
    // The old pod is there until the new one runs, as Kubernetes rolls it out.
    agent = await startRancherAgent(buildPeer("v0.6.1"), testbed, join(home, "new-token"));
    await agent.next("steve-connected");
    expect(old.events.filter(({ event }) => event.endsWith("disconnected"))).toEqual([]);
    await old.stop();
    await cluster.waitFor("active", 20_000);
    await agent.stop();
  });

  describe("and its checks of the server's certificate", () => {
    const binary = buildPeer("v0.6.1");
    const ends = async (root: string, env: Record<string, string>): Promise<string> => {
      agent = await startRancherAgent(binary, testbed, join(home, root), env);
      const refusal = await agent.next("ready").then(String, String);
      await agent.stop();
      agent = undefined;
      return refusal;
    };

    it("tunnel 37: end the agent when the CA is not the manifest's, or missing in strict mode", async () => {
      await importInto(admin, "private", testbed);
      expect(await ends("other-ca", { CATTLE_CA_CHECKSUM: "0".repeat(64) })).toContain(
        "the checksum of cacerts",
      );
      expect(await ends("no-ca", { CATTLE_CA_CHECKSUM: "" })).toContain("strict CA verification is enabled");
    });

    it("tunnel 37: with a certificate that everybody trusts, the manifest asks for none of it, and the agent connects", async () => {
      const { caPath, dataDir } = drover;
      await drover.stop();
      const served = ["crt", "key"].map((end) => join(dataDir, "tls", `server.${end}`));
      drover = await startDrover({
        dataDir,
        caPath,
        args: ["--tls-cert", served[0] ?? "", "--tls-key", served[1] ?? ""],
      });
      admin = await loginAs(drover, "admin", password);
      const cluster = await importInto(admin, "public", testbed, {
        agentImageOverride: "rancher/rancher-agent:v2.12.1",
      });
      expect(await agentPod(testbed)).toMatchObject({
        env: { CATTLE_CA_CHECKSUM: "", STRICT_VERIFY: "false" },
        bundle: undefined,
      });
      expect(await ends("untrusted", {})).toContain("not trusted by the system's store");
      agent = await startRancherAgent(binary, testbed, join(home, "public"), { SSL_CERT_FILE: caPath });
      expect(await agent.next("ready")).toMatchObject({ cacertsValid: false });
      await agent.next("main-connected");
      await agent.next("steve-connected");
      await cluster.waitFor("active", 60_000);
    });
  });
});
