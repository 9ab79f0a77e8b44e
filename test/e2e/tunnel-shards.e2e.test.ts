/** A cluster's tunnel spread over several objects, and back, while it is used (issue 5, requirement 6). */
import { once } from "node:events";
import { request } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterHandle } from "./cluster.ts";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { answerLifecycle, connectAgent, newCluster } from "./scripted-agent.ts";
import type { ScriptedAgent } from "./scripted-agent.ts";

const password = "shards test passphrase";

describe("a cluster whose tunnel is spread over objects", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let cluster: { id: string; token: string };
  let stopping = false;
  /** By agent: when it connected, and the requests that it got. */
  const agents: { connects: number; requests: number; current: ScriptedAgent; done: Promise<void> }[] = [];
  const silent: ServerResponse[] = [];

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    admin = await loginAs(drover, "admin", password);
    cluster = await newCluster(admin, "shards");
    for (let count = 0; count < 3; count++) agents.push(await startAgent());
    await clusterHandle(admin, cluster.id).waitFor("active", 20_000);
  }, 120_000);

  afterAll(async () => {
    stopping = true;
    for (const { current, done } of agents) {
      await current.stop();
      await done;
    }
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  /** One that comes back whenever its session ends. */
  async function startAgent() {
    const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      if (answerLifecycle(incoming, outgoing)) return;
      agent.requests += 1;
      if (incoming.url !== "/api/silent") return void outgoing.end("{}");
      outgoing.writeHead(200).write("begun\n");
      silent.push(outgoing);
    };
    const open = (): Promise<ScriptedAgent> => connectAgent(drover, cluster.token, answer);
    const agent = { connects: 1, requests: 0, current: await open(), done: Promise.resolve() };
    agent.done = (async () => {
      for (;;) {
        await agent.current.ended;
        if (stopping) return;
        await sleep(200);
        agent.current = await open();
        agent.connects += 1;
      }
    })();
    return agent;
  }

  async function annotate(shards: string): Promise<number> {
    const path = `/apis/management.cattle.io/v3/clusters/${cluster.id}`;
    // Its status may be written at the same time.
    for (;;) {
      const current = await callJson<{ metadata: { annotations?: object } }>(admin, "GET", path);
      const annotations = { ...current.metadata.annotations, "drover.io/tunnel-shards": shards };
      const metadata = { ...current.metadata, annotations };
      const { status } = await call(admin, "PUT", path, { ...current, metadata });
      if (status !== 409) return status;
    }
  }

  async function openSilent(): Promise<IncomingMessage> {
    const outgoing = request(`${drover.url}/k8s/clusters/${cluster.id}/api/silent`, {
      ca: drover.ca,
      agent: false,
      headers: { authorization: `Bearer ${admin.token}` },
    }).end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    answer.setEncoding("utf8");
    return answer;
  }

  it("refuses a number of shards that is none", async () => {
    for (const value of ["0", "17", "many"]) expect(await annotate(value)).toBe(422);
  });

  it("is spread and joined again without losing a request or a stream", async () => {
    const failed: number[] = [];
    let asking = true;
    const requests = (async () => {
      while (asking) {
        const { status } = await call(admin, "GET", `/k8s/clusters/${cluster.id}/api`);
        if (status !== 200) failed.push(status);
        await sleep(20);
      }
    })();
    const streams = [await openSilent()];
    let text = "";
    const listen = (stream: IncomingMessage): void =>
      void stream.on("data", (piece: string) => (text += piece));
    streams.forEach(listen);

    const connects = (): number => agents.reduce((sum, agent) => sum + agent.connects, 0);
    expect(await annotate("3")).toBe(200);
    await eventually("agents move", 20_000, () => (connects() > 3 ? true : undefined));
    const spread = await openSilent();
    listen(spread);
    streams.push(spread);
    await sleep(1_000);
    const before = connects();
    expect(await annotate("1")).toBe(200);
    await eventually("agents move back", 20_000, () => (connects() > before ? true : undefined));
    await sleep(1_000);
    asking = false;
    await requests;
    expect(failed).toEqual([]);

    for (const outgoing of silent) outgoing.end("ended\n");
    await eventually("the ends of both", 10_000, () =>
      streams.every(({ complete }) => complete) ? true : undefined,
    );
    expect(text.match(/ended/g)).toHaveLength(2);
    expect(await callJson(admin, "GET", `/v3/clusters/${cluster.id}`)).toMatchObject({ state: "active" });
  });
});
