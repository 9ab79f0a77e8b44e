/**
 * Peers: two whole Drovers and the unmodified Go remotedialer reach each other's clusters (docs/design/peers.md). "west" has the
 * users; "east" and Go hold clusters, and one of them both.
 */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, createServer as createHttpsServer, request } from "node:https";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { patternHash } from "../../agent/testing/apiserver.ts";
import { parseClient } from "../../wire/remotedialer/clients.ts";
import { decodeMessage, messageType } from "../../wire/remotedialer/codec.ts";
import { clusterHandle } from "../e2e/cluster.ts";
import { call, callJson, eventually, processesOf } from "../e2e/drover.ts";
import { tryConnect } from "../e2e/scripted-agent.ts";
import type { ScriptedAgent } from "../e2e/scripted-agent.ts";
import {
  at,
  connectPath,
  createCluster,
  createPeer,
  found,
  joinAs,
  newSecret,
  pairWithGo,
  runCli,
  startGo,
  startSite,
  steve,
  who,
} from "./peer-sites.ts";
import type { GoSite, Site } from "./peer-sites.ts";

const MiB = 1 << 20;
/** Two held by east and by Go; two by east; by east and offered to nobody; two of west, one of which is offered. */
const [both, twice, eastOnly, scarce, hidden] = ["c-both", "c-twice", "c-east", "c-scarce", "c-hidden"];
const [ofWest, hiddenOfWest] = ["c-west", "c-westhidden"];
/** Older Go servers, each with a cluster of its own. */
const older = [
  { id: "go041", version: "v0.4.1", cluster: "c-go041" },
  { id: "go032", version: "v0.3.2", cluster: "c-go032" },
] as const;

describe("two Drovers and a Go remotedialer as peers", () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-peers-"));
  const stops: (() => Promise<unknown>)[] = [];
  let west: Site;
  let east: Site;
  let go: GoSite;
  const olderSites: GoSite[] = [];
  let westToken: string;
  /** What each shows the other. */
  let eastAtWest: string;
  let westAtEast: string;
  const westAtClock = newSecret();
  /** A server that counts. */
  let clock: HttpsServer;
  const shown: unknown[] = [];
  const pings: number[] = [];
  const messages: Buffer[] = [];
  const agents: Record<string, ScriptedAgent> = {};

  const joinHere = async (
    holder: string,
    site: Parameters<typeof joinAs>[1],
    token: string,
  ): Promise<ScriptedAgent> => {
    const agent = await joinAs(holder, site, token);
    stops.push(() => agent.stop());
    return agent;
  };

  beforeAll(async () => {
    [west, east] = await Promise.all([startSite(), startSite()]);
    go = await startGo("go", "v0.6.1", dir, [ofWest, hiddenOfWest, both].map(steve));
    stops.push(west.stop, east.stop, go.stop);

    agents["east both"] = await joinHere("east", east.drover, await createCluster(east, both));
    for (const id of [twice, eastOnly, scarce, hidden])
      await joinHere("east", east.drover, await createCluster(east, id));
    westToken = await createCluster(west, ofWest);
    await joinHere("west", west.drover, westToken);
    await joinHere("west", west.drover, await createCluster(west, hiddenOfWest));
    agents["go both"] = await joinHere("go", go, both);
    await joinHere("go", go, twice);

    // As an operator does it: each side's secret is given to the other.
    eastAtWest = runCli(west, dir, ["peer", "add", "east", "--use", "*"]);
    westAtEast = runCli(east, dir, ["peer", "add", "west", "--use", ofWest]);
    const dial = (name: string, { drover }: Site, localId: string, offer: string): string[] => {
      const url = `wss://localhost:${drover.port}${connectPath}`;
      const how = ["--url", url, "--ca", drover.caPath, "--local-id", localId, "--offer", offer];
      return ["peer", "add", name, ...how];
    };
    runCli(west, dir, dial("east", east, "west", ofWest), westAtEast);
    runCli(east, dir, dial("west", west, "east", [both, twice, eastOnly, scarce].join(",")), eastAtWest);
    await pairWithGo(west, go, dir, { used: [both, twice], offered: ofWest });
    for (const { id, version, cluster } of older) {
      const site = await startGo(id, version, dir, [steve(ofWest)]);
      olderSites.push(site);
      stops.push(site.stop);
      await joinHere(id, site, cluster);
      await pairWithGo(west, site, dir, { used: [cluster], offered: ofWest });
    }

    const tls = (name: string): string => readFileSync(join(east.drover.dataDir, "tls", name), "utf8");
    clock = createHttpsServer({ key: tls("server.key"), cert: tls("server.crt") });
    new WebSocketServer({ server: clock }).on("connection", (socket, { headers }) => {
      shown.push([headers["x-api-tunnel-id"], headers["x-api-tunnel-token"]]);
      socket.on("ping", () => pings.push(performance.now()));
      socket.on("message", (data: Buffer) => messages.push(data));
    });
    clock.listen(0, "localhost");
    await once(clock, "listening");
    stops.push(async () => {
      clock.closeAllConnections();
      clock.close();
    });
    await createPeer(
      west,
      "clock",
      {
        url: `wss://localhost:${(clock.address() as AddressInfo).port}/v3/connect?x=1`,
        caCert: east.drover.ca,
        localId: "west",
        offeredClusters: [ofWest],
      },
      { outgoing: westAtClock },
    );
  }, 180_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop().catch(() => undefined);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it("tunnel 27: a Drover's users reach the other Drover's cluster, which has no row here, as themselves", async () => {
    await found(west, eastOnly, "east");
    const { user, url } = JSON.parse(
      (await call(west.admin, "GET", at(eastOnly, "/api/v1/pods?x=%2F"))).text,
    ) as Record<string, string>;
    const { data } = await callJson<{ data: { id: string }[] }>(west.admin, "GET", "/v3/users?me=true");
    expect([user, url]).toEqual([data[0]?.id, "/api/v1/pods?x=%2F"]);
  });

  it("tunnel 27: a cluster of ours that a peer alone reaches shows as what it is: connected, through that peer", async () => {
    await createCluster(west, eastOnly);
    await clusterHandle(west.admin, eastOnly).waitFor("active", 20_000);
    const { status } = await callJson<{ status: { conditions: Record<string, string>[] } }>(
      west.admin,
      "GET",
      `/apis/management.cattle.io/v3/clusters/${eastOnly}`,
    );
    expect(status.conditions.find(({ type }) => type === "Connected")).toMatchObject({
      status: "True",
      reason: "Peer",
      message: "Cluster is reached through peer east",
    });
    expect(await who(west, eastOnly)).toBe("east");
  });

  it("tunnel 27: each way on its own: the other reaches ours as well", async () => {
    await found(east, ofWest, "west");
  });

  it("tunnel 27: a Go server reaches our cluster by CONNECT `key::tcp/addr`, and our users its clusters", async () => {
    await eventually("west's cluster from Go", 20_000, async () =>
      (await go.ask(`/has/${steve(ofWest)}`)).status === 200 ? true : undefined,
    );
    expect(JSON.parse((await go.ask(`/via/${steve(ofWest)}/api/who`)).text)).toMatchObject({
      holder: "west",
    });
    await found(west, both, "east", "go");
  });

  it("tunnel 27: so do Go servers of older versions", async () => {
    for (const [index, { id, cluster }] of older.entries()) {
      await found(west, cluster, id);
      await eventually(`west's cluster from ${id}`, 20_000, async () => {
        const asked = await olderSites[index]?.ask(`/via/${steve(ofWest)}/api/who`);
        return asked?.status === 200 && asked.text.includes('"west"') ? true : undefined;
      });
    }
  });

  it("tunnel 27: only what is offered can be reached, and only what is used is asked for", async () => {
    expect(await who(west, hidden)).toBe("404");
    expect((await go.ask(`/has/${steve(hiddenOfWest)}`)).status).toBe(404);
    expect((await go.ask(`/via/${steve(hiddenOfWest)}/api/who`)).status).toBe(502);
    // East may be asked for it by west, and west has not said so of eastOnly to anybody; east uses west's one cluster alone.
    expect(await who(east, hiddenOfWest)).toBe("404");
  });

  it("tunnel 27: bodies of any size and WebSockets pass, both ways", async () => {
    const agent = new Agent({ ca: west.drover.ca });
    const headers = { authorization: `Bearer ${west.admin.token}` };
    const download = request(new URL(at(eastOnly, `/api/download?bytes=${20 * MiB}`), west.drover.url), {
      agent,
      headers,
    });
    download.end();
    const [answer] = (await once(download, "response")) as [IncomingMessage];
    const received = createHash("sha256");
    for await (const chunk of answer as AsyncIterable<Buffer>) received.update(chunk);
    expect(received.digest("hex")).toBe(patternHash(20 * MiB));

    const body = randomBytes(8 * MiB);
    const upload = request(new URL(at(eastOnly, "/api/upload"), west.drover.url), {
      agent,
      headers,
      method: "POST",
    });
    upload.end(body);
    const [uploaded] = (await once(upload, "response")) as [IncomingMessage];
    expect(await text(uploaded)).toBe(createHash("sha256").update(body).digest("hex"));
    agent.destroy();

    const socket = new WebSocket(new URL(at(eastOnly, "/api/ws"), west.drover.url), {
      ca: west.drover.ca,
      headers,
    });
    await once(socket, "open");
    socket.send("through a peer");
    const [echo] = (await once(socket, "message")) as [Buffer];
    expect(echo.toString()).toBe("through a peer");
    socket.close();
  });

  it("tunnel 27: what a peer opens counts in the cluster's own limit, and its user gets 429", async () => {
    const limit = async (value: string): Promise<void> => {
      await callJson(east.admin, "PUT", "/v3/settings/cluster-requests-per-second", { value });
    };
    await limit("1");
    // Not asked for before: what its object knows of limits is at most 10 s old.
    const asked = await Promise.all(Array.from({ length: 6 }, () => who(west, scarce)));
    await limit("");
    expect(new Set(asked)).toEqual(new Set(["east", "429"]));
  });

  it("tunnel 27: a peer shows its own secret for its own name; anything else is 401, and says no more", async () => {
    const attempt = async (id: string, token: string): Promise<unknown[]> => {
      const {
        status,
        text: said,
        socket,
      } = await tryConnect(west.drover, "/v3/connect", {
        "X-API-Tunnel-ID": id,
        "X-API-Tunnel-Token": token,
      });
      socket?.terminate();
      return [status, said.trim()];
    };
    const refused = [401, "failed authentication"];
    expect(await attempt("east", newSecret())).toEqual(refused);
    expect(await attempt("east", go.token)).toEqual(refused);
    expect(await attempt("go", eastAtWest)).toEqual(refused);
    // What we show a peer opens nothing here.
    expect(await attempt("east", westAtEast)).toEqual(refused);
    expect(await attempt("nobody", eastAtWest)).toEqual(refused);
    expect(await attempt("../east", eastAtWest)).toEqual(refused);
    expect((await attempt("go", go.token))[0]).toBe(101);
  });

  it("tunnel 27: when one holder goes, new requests go to the other within 5 s, and come to nobody when both are gone", async () => {
    const first = await who(west, both);
    const second = first === "east" ? "go" : "east";
    const began = Date.now();
    await agents[`${first} both`]?.stop();
    await eventually("the other holder", 10_000, async () =>
      (await who(west, both)) === second ? true : undefined,
    );
    expect(Date.now() - began).toBeLessThan(10_000);
    await agents[`${second} both`]?.stop();
    await eventually("nobody", 20_000, async () =>
      ["404", "502", "503"].includes(await who(west, both)) ? true : undefined,
    );
    agents["go both"] = await joinHere("go", go, both);
    await found(west, both, "go");
  });

  it("tunnel 19: we PING every 5 s where we have dialled: a Go server would end the session after 60 s", async () => {
    await eventually("three PINGs", 30_000, () => (pings.length >= 3 ? true : undefined));
    const [first = 0, second = 0, third = 0] = pings;
    for (const gap of [second - first, third - second]) {
      expect(gap).toBeGreaterThan(4_000);
      expect(gap).toBeLessThan(6_000);
    }
    expect(shown).toEqual([["west", westAtClock]]);
    const announced = messages.map((message) => decodeMessage(message));
    expect(announced.map((message) => message?.type)).toEqual([messageType.addClient, messageType.addClient]);
    const keys = announced.map(
      (message) => parseClient(String(Buffer.from(message?.payload ?? [])))?.clientKey,
    );
    expect(keys).toEqual([steve(ofWest), ofWest]);
    const metrics = await call(west.admin, "GET", "/metrics");
    for (const [peer, kind, count] of [
      ["clock", "dialled", 1],
      ["east", "dialled", 1],
      ["east", "accepted", 1],
      ["clock", "accepted", 0],
    ])
      expect(metrics.text).toContain(
        `drover_tunnel_sessions{cluster="peer/${peer}",kind="${kind}"} ${count}`,
      );
    const list = runCli(west, dir, ["peer", "list"]).split("\n");
    expect(list.find((line) => line.startsWith("clock"))).toMatch(/^clock +True +False +c-west +- +wss:/);
  });

  it("tunnel 27: after kill -9 of a Drover's objects, its sessions are back both ways", async () => {
    for (const pid of processesOf(west.drover, "workerd")) process.kill(pid, "SIGKILL");
    await found(west, eastOnly, "east");
    await joinHere("west", west.drover, westToken);
    await eventually("west's cluster from Go", 30_000, async () =>
      (await go.ask(`/via/${steve(ofWest)}/api/who`)).status === 200 ? true : undefined,
    );
    await found(west, both, "go");
    await found(east, ofWest, "west");
  });

  it("tunnel 27: a Drover that falls silent is left within 5 s, one that stops at once; a Peer that is deleted loses its sessions and what it reached", async () => {
    expect(await who(west, twice)).toBe("east");
    const [workerd = 0] = processesOf(east.drover, "workerd");
    process.kill(workerd, "SIGSTOP");
    // Half-open: nobody says a word, and no connection is closed.
    const began = Date.now();
    expect(await who(west, twice)).toBe("go");
    expect(Date.now() - began).toBeLessThan(10_000);
    process.kill(workerd, "SIGCONT");
    await eventually("east is stopped", 30_000, async () =>
      (await east.drover.stop()) === 0 ? true : undefined,
    );
    await eventually("nobody", 20_000, async () =>
      (await who(west, eastOnly)) === "200" ? undefined : true,
    );
    await callJson(west.admin, "DELETE", "/apis/drover.io/v1/peers/go");
    await eventually("Go has lost west's cluster", 20_000, async () =>
      (await go.ask(`/has/${steve(ofWest)}`)).status === 404 ? true : undefined,
    );
    await found(west, both, "404", "503");
  });
});
