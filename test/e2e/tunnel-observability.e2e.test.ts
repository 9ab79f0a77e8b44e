/** What an operator sees of a tunnel: `/metrics` by cluster, and one id for a request in every log (issue 5, requirement 10). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubeAgent } from "../../agent/kube-client.ts";
import { createKubeProxy } from "../../agent/kube-proxy.ts";
import { startApiserver } from "../../agent/testing/apiserver.ts";
import { call, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { restOf } from "./rest.ts";
import type { Rest } from "./rest.ts";
import { connectAgent, newCluster } from "./scripted-agent.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";

const password = "observability passphrase";

describe("a tunnel", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let rest: Rest;
  let cluster: { id: string; token: string };
  let agent: ScriptedAgent;
  const agentLog: { level: string; message: string; fields: Record<string, unknown> | undefined }[] = [];
  const cleanup = new AsyncDisposableStack();

  /** The real agent's HTTP server and log, before a kube-apiserver of the test. */
  const connect = async (): Promise<ScriptedAgent> => {
    const apiserver = await startApiserver();
    const upstream = kubeAgent(apiserver.access);
    cleanup.defer(() => {
      upstream.destroy();
      apiserver.stop();
    });
    const proxy = createKubeProxy(apiserver.access, upstream, (level, message, fields) =>
      agentLog.push({ level, message, fields }),
    );
    return connectAgent(drover, cluster.token, (incoming, outgoing) => {
      if (incoming.url === "/broken") incoming.socket.destroy();
      else proxy.emit("request", incoming, outgoing);
    });
  };

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password, "--log-level", "debug"] });
    admin = await loginAs(drover, "admin", password);
    rest = restOf(drover);
    cluster = await newCluster(admin, "seen");
    agent = await connect();
    cleanup.defer(() => agent.stop());
  }, 120_000);
  afterAll(async () => {
    await cleanup.disposeAsync();
    await drover.stop();
    removeDataDir(drover.dataDir);
  }, 60_000);

  const through = (path: string): string => `/k8s/clusters/${cluster.id}${path}`;

  /** The cluster's samples, without the label that names it. */
  const scrape = async (): Promise<ReadonlyMap<string, number>> => {
    const { text } = await call(admin, "GET", "/metrics");
    const own = text.split("\n").filter((line) => line.includes(`cluster="${cluster.id}"`));
    return new Map(
      own.map((line) => {
        const [, name = "", labels = "", value = ""] =
          /^drover_tunnel_(\w+)\{cluster="[^"]+",?(.*)\} (\S+)$/.exec(line) ?? [];
        return [labels === "" ? name : `${name} ${labels}`, Number(value)];
      }),
    );
  };

  it("counts sessions, streams, bytes, dials, errors and the round trip by cluster", async () => {
    const before = await eventually("the session", 15_000, async () => {
      const found = await scrape();
      return found.get('sessions kind="steve"') === 1 ? found : undefined;
    });
    for (let request = 0; request < 5; request++)
      expect((await rest(`GET ${through("/api/v1/pods")}`, admin)).status).toBe(200);
    expect((await rest(`POST ${through("/broken")}`, admin)).status).toBe(502);
    const after = await eventually("the requests", 30_000, async () => {
      const found = await scrape();
      return (found.get("requests_total") ?? 0) >= (before.get("requests_total") ?? 0) + 6 &&
        found.get("streams") === 0
        ? found
        : undefined;
    });
    expect(after.get('errors_total kind="stream"')).toBe(1);
    // The lifecycle's through an idle tunnel are told of with the next user's request, unless the object has left memory.
    expect(after.get("dials_total")).toBeGreaterThan(before.get("dials_total") ?? 0);
    expect(after.get("dials_total")).toBeLessThanOrEqual(agent.dialled());
    expect(after.get("received_bytes_total")).toBeGreaterThan(500);
    expect(after.get("sent_bytes_total")).toBeGreaterThan(500);
    expect(after.get('sessions_opened_total kind="steve"')).toBe(1);
    expect(after.get("reported_timestamp_seconds")).toBeGreaterThan(1.7e9);
    expect(after.get('sessions kind="main"')).toBe(0);
    for (const [name, value] of before)
      if (name.includes("_total")) expect(after.get(name), name).toBeGreaterThanOrEqual(value);
  }, 60_000);

  it("has its round trip measured while it is used", async () => {
    const seen = await eventually("a round trip", 40_000, async () => {
      await call(admin, "GET", through("/api/v1/pods"));
      const found = await scrape();
      return found.has("round_trip_seconds") ? found : undefined;
    });
    expect(seen.get("round_trip_seconds")).toBeGreaterThanOrEqual(0);
    expect(seen.get("round_trip_seconds")).toBeLessThan(5);
  }, 60_000);

  it("shows the loss of a session, and requests that find none", async () => {
    await agent.stop();
    await eventually("503", 10_000, async () =>
      (await rest(`GET ${through("/api")}`, admin)).status === 503 ? true : undefined,
    );
    const gone = await eventually("the loss", 15_000, async () => {
      const found = await scrape();
      return (found.get('errors_total kind="no-session"') ?? 0) > 0 ? found : undefined;
    });
    expect(gone.get('sessions kind="steve"')).toBe(0);
    expect(gone.get('errors_total kind="session-closed"')).toBe(1);
    agent = await connect();
    const back = await eventually("the new session", 15_000, async () => {
      const found = await scrape();
      return found.get('sessions kind="steve"') === 1 ? found : undefined;
    });
    expect(back.get('sessions_opened_total kind="steve"')).toBe(2);
    expect(back.get("requests_total")).toBeGreaterThan(6);
  }, 60_000);

  it("passes a caller's well-formed request id to every log, and answers it", async () => {
    const id = "my-request.0001";
    const answer = await rest(`GET ${through("/api/v1/pods?secret=1")}`, {
      ...admin,
      headers: { "x-request-id": id },
    });
    expect(answer.headers["x-request-id"]).toBe(id);
    const line = await eventually("the agent's line", 5_000, () =>
      agentLog.find(({ fields }) => fields?.["requestId"] === id),
    );
    expect(line).toMatchObject({
      level: "debug",
      message: "request",
      fields: { method: "GET", path: "/api/v1/pods", status: 200 },
    });
    const own = await eventually("the server's line", 5_000, () =>
      drover
        .output()
        .split("\n")
        .find((text) => text.includes(`"requestId":"${id}"`)),
    );
    expect(own).toContain(`"path":"${through("/api/v1/pods")}"`);
    expect(own).toContain('"status":200');
  });

  it("names what went wrong by the id that was answered", async () => {
    const answer = await rest(`POST ${through("/broken")}`, admin);
    const id = answer.headers["x-request-id"] ?? "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const line = await eventually("the tunnel's line", 5_000, () =>
      drover
        .output()
        .split("\n")
        .find(
          (text) => text.includes(`"requestId":"${id}"`) && text.includes("a request to the cluster failed"),
        ),
    );
    expect(line).toContain(`"clusterId":"${cluster.id}"`);
    expect(line).toContain('"level":"warn"');
  });

  it.each([
    "short",
    "has space in it",
    "a".repeat(65),
    'quote"quote',
    "semi;colon;id",
    "-leading-dash",
    "id-one, id-two",
  ])("takes no id that is not well-formed: %j", async (id) => {
    const answer = await rest(`GET ${through("/api/v1/pods")}`, {
      ...admin,
      headers: { "x-request-id": id },
    });
    expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });
});
