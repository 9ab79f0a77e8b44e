/**
 * Peers: two whole Drovers and the unmodified Go remotedialer reach each other's clusters (docs/design/peers.md). "west" has the
 * users; "east" and Go hold clusters, and one of them both.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer as createHttpsServer, request } from "node:https";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { patternHash, sendPattern } from "../../agent/testing/apiserver.ts";
import {
  call,
  callJson,
  cleanEnv,
  eventually,
  loginAs,
  processesOf,
  removeDataDir,
  root,
  startDrover,
} from "../e2e/drover.ts";
import type { Connection, Drover } from "../e2e/drover.ts";
import { answerLifecycle, connectAgent, tryConnect } from "../e2e/scripted-agent.ts";
import type { ScriptedAgent } from "../e2e/scripted-agent.ts";
import { parseClient } from "../../wire/remotedialer/clients.ts";
import { decodeMessage, messageType } from "../../wire/remotedialer/codec.ts";
import { buildPeer, startPeer } from "../peers/peers.ts";
import type { Peer } from "../peers/peers.ts";

const password = "peers test passphrase";
const MiB = 1 << 20;
const newSecret = (): string => randomBytes(24).toString("base64url");
/** One for each pair and direction. */
const secrets = {
  eastAtWest: newSecret(),
  westAtEast: newSecret(),
  goAtWest: newSecret(),
  westAtGo: newSecret(),
  westAtClock: newSecret(),
};
/** Two held by east and by Go; by east; by east and offered to nobody; two of west, one of which is offered. */
const [both, twice, eastOnly, hidden] = ["c-both", "c-twice", "c-east", "c-hidden"];
const [ofWest, hiddenOfWest] = ["c-west", "c-westhidden"];
const steve = (id: string): string => `stv-cluster-${id}`;

interface Site {
  readonly drover: Drover;
  readonly admin: Connection & { token: string };
}

describe("two Drovers and a Go remotedialer as peers", () => {
  const dir = mkdtempSync(join(tmpdir(), "drover-peers-"));
  const stops: (() => Promise<unknown>)[] = [];
  let west: Site;
  let east: Site;
  let go: Peer;
  let goSite: { port: number; ca: string };
  /** A server that counts. */
  let clock: HttpsServer;
  const shown: unknown[] = [];
  const pings: number[] = [];
  const messages: Buffer[] = [];
  const agents: Record<string, ScriptedAgent> = {};

  async function startSite(): Promise<Site> {
    const drover = await startDrover({ args: ["--bootstrap-password", password] });
    stops.push(async () => {
      await drover.stop();
      removeDataDir(drover.dataDir);
    });
    return { drover, admin: await loginAs(drover, "admin", password) };
  }

  async function createCluster({ admin }: Site, name: string): Promise<string> {
    await callJson(admin, "POST", "/apis/management.cattle.io/v3/clusters", {
      apiVersion: "management.cattle.io/v3",
      kind: "Cluster",
      metadata: { name },
      spec: { displayName: name },
    });
    return eventually(`a token of ${name}`, 10_000, async () => {
      const path = `/v3/clusterregistrationtokens?clusterId=${name}`;
      const { data } = await callJson<{ data: { token?: string }[] }>(admin, "GET", path);
      return data[0]?.token || undefined;
    });
  }

  /** `npm run drover -- …`, logged in; what it prints. */
  function drover({ drover: { url, ca }, admin }: Site, args: readonly string[], secret = ""): string {
    const home = mkdtempSync(join(dir, "cli-"));
    mkdirSync(join(home, "drover"));
    writeFileSync(join(home, "drover/config.json"), JSON.stringify({ server: url, token: admin.token, ca }));
    return execFileSync(process.execPath, ["infra/cli/main.ts", ...args], {
      cwd: root,
      env: cleanEnv({ XDG_CONFIG_HOME: home, DROVER_PEER_SECRET: secret }),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  }

  async function createPeer({ admin }: Site, name: string, spec: object, secret: object): Promise<void> {
    await callJson(admin, "POST", "/api/v1/namespaces/cattle-global-data/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `peer-${name}` },
      stringData: secret,
    });
    await callJson(admin, "POST", "/apis/drover.io/v1/peers", {
      apiVersion: "drover.io/v1",
      kind: "Peer",
      metadata: { name },
      spec,
    });
  }

  /** A cluster that says who holds it. */
  function answering(holder: string): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
    return (incoming, outgoing) => {
      if (answerLifecycle(incoming, outgoing)) return;
      const { pathname, searchParams } = new URL(incoming.url ?? "", "http://cluster");
      if (pathname === "/api/download") sendPattern(outgoing, Number(searchParams.get("bytes")));
      else if (pathname === "/api/upload") {
        const hash = createHash("sha256");
        incoming.on("data", (chunk: Buffer) => hash.update(chunk));
        incoming.on("end", () => outgoing.end(hash.digest("hex")));
      } else {
        const { headers } = incoming;
        outgoing.end(JSON.stringify({ holder, user: headers["impersonate-user"], url: incoming.url }));
      }
    };
  }

  async function joinAs(
    site: Pick<Drover, "port" | "ca">,
    token: string,
    holder: string,
  ): Promise<ScriptedAgent> {
    const agent = await connectAgent(site, token, answering(holder));
    const sockets = new WebSocketServer({ noServer: true });
    agent.server.on("upgrade", (incoming, socket, head) =>
      sockets.handleUpgrade(incoming, socket, head, (client) =>
        client.on("message", (data, isBinary) => client.send(data, { binary: isBinary })),
      ),
    );
    stops.push(() => agent.stop());
    return agent;
  }

  const at = (id: string, path = "/api/who"): string => `/k8s/clusters/${id}${path}`;
  const who = async ({ admin }: Site, id: string): Promise<string> => {
    const answer = await call(admin, "GET", at(id));
    if (answer.status !== 200) return String(answer.status);
    return (JSON.parse(answer.text) as { holder: string }).holder;
  };

  /** A request to the Go server. */
  async function askGo(path: string): Promise<{ status: number; text: string }> {
    const outgoing = request(`https://127.0.0.1:${goSite.port}${path}`, { ca: goSite.ca, agent: false });
    outgoing.end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, text: await text(answer) };
  }

  beforeAll(async () => {
    [west, east] = await Promise.all([startSite(), startSite()]);
    const goCa = join(dir, "go.crt");
    const keys = [ofWest, hiddenOfWest, both].map(steve);
    go = startPeer(buildPeer("v0.6.1"), [
      "server",
      "-ca-out",
      goCa,
      "-peer-id",
      "go",
      "-peer-token",
      secrets.goAtWest,
      ...keys,
    ]);
    stops.push(() => go.stop());
    const address = String((await go.next("ready"))["address"]);
    goSite = { port: Number(address.split(":")[1]), ca: readFileSync(goCa, "utf8") };

    agents["east both"] = await joinAs(east.drover, await createCluster(east, both), "east");
    await joinAs(east.drover, await createCluster(east, twice), "east");
    await joinAs(goSite, twice, "go");
    agents["east"] = await joinAs(east.drover, await createCluster(east, eastOnly), "east");
    await joinAs(east.drover, await createCluster(east, hidden), "east");
    await joinAs(west.drover, await createCluster(west, ofWest), "west");
    await joinAs(west.drover, await createCluster(west, hiddenOfWest), "west");
    agents["go both"] = await joinAs(goSite, both, "go");

    const connectPath = "/v3/connect";
    // As an operator does it: each side's secret is given to the other.
    const use = ["--use", "*"];
    secrets.eastAtWest = drover(west, ["peer", "add", "east", ...use]);
    secrets.westAtEast = drover(east, ["peer", "add", "west", "--use", ofWest]);
    const dial = (site: Site, localId: string, offer: string): string[] =>
      ["--url", `wss://localhost:${site.drover.port}${connectPath}`, "--ca", site.drover.caPath].concat([
        "--local-id",
        localId,
        "--offer",
        offer,
      ]);
    drover(west, ["peer", "add", "east", ...dial(east, "west", ofWest)], secrets.westAtEast);
    drover(
      east,
      ["peer", "add", "west", ...dial(west, "east", [both, twice, eastOnly].join(","))],
      secrets.eastAtWest,
    );
    await createPeer(west, "go", { usedClusters: [both, twice] }, { incoming: secrets.goAtWest });
    const westUrl = encodeURIComponent(`wss://localhost:${west.drover.port}${connectPath}`);
    // Before we come: whom Go does not know as a peer it takes for an agent.
    await askGo(`/peer?url=${westUrl}&id=west&token=${secrets.westAtGo}`);
    const goUrl = ["--url", `wss://127.0.0.1:${goSite.port}${connectPath}`, "--ca", goCa];
    drover(west, ["peer", "add", "go", ...goUrl, "--local-id", "west", "--offer", ofWest], secrets.westAtGo);
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
      { outgoing: secrets.westAtClock },
    );
  }, 180_000);

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop().catch(() => undefined);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);

  it("tunnel 27: a Drover's users reach the other Drover's cluster, which has no row here, as themselves", async () => {
    await eventually("east's cluster", 20_000, async () =>
      (await who(west, eastOnly)) === "east" ? true : undefined,
    );
    const { user, url } = JSON.parse(
      (await call(west.admin, "GET", at(eastOnly, "/api/v1/pods?x=%2F"))).text,
    ) as Record<string, string>;
    const { data } = await callJson<{ data: { id: string }[] }>(west.admin, "GET", "/v3/users?me=true");
    expect([user, url]).toEqual([data[0]?.id, "/api/v1/pods?x=%2F"]);
  });

  it("tunnel 27: each way on its own: the other reaches ours as well", async () => {
    await eventually("west's cluster", 20_000, async () =>
      (await who(east, ofWest)) === "west" ? true : undefined,
    );
  });

  it("tunnel 27: a Go server reaches our cluster by CONNECT `key::tcp/addr`, and our users its clusters", async () => {
    await eventually("west's cluster from Go", 20_000, async () =>
      (await askGo(`/has/${steve(ofWest)}`)).status === 200 ? true : undefined,
    );
    expect(JSON.parse((await askGo(`/via/${steve(ofWest)}/api/who`)).text)).toMatchObject({ holder: "west" });
    await eventually("the Go agent's cluster", 20_000, async () => {
      const { data } = { data: await who(west, both) };
      return ["east", "go"].includes(data) ? true : undefined;
    });
  });

  it("tunnel 27: only what is offered can be reached, and only what is used is asked for", async () => {
    expect(await who(west, hidden)).toBe("404");
    expect((await askGo(`/has/${steve(hiddenOfWest)}`)).status).toBe(404);
    expect((await askGo(`/via/${steve(hiddenOfWest)}/api/who`)).status).toBe(502);
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
    expect(await attempt("east", secrets.goAtWest)).toEqual(refused);
    expect(await attempt("go", secrets.eastAtWest)).toEqual(refused);
    // What we show a peer opens nothing here.
    expect(await attempt("east", secrets.westAtEast)).toEqual(refused);
    expect(await attempt("nobody", secrets.eastAtWest)).toEqual(refused);
    expect(await attempt("../east", secrets.eastAtWest)).toEqual(refused);
    expect((await attempt("go", secrets.goAtWest))[0]).toBe(101);
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
    agents["go both"] = await joinAs(goSite, both, "go");
    await eventually("the one that is back", 20_000, async () =>
      (await who(west, both)) === "go" ? true : undefined,
    );
  });

  it("tunnel 19: we PING every 5 s where we have dialled: a Go server would end the session after 60 s", async () => {
    await eventually("three PINGs", 30_000, () => (pings.length >= 3 ? true : undefined));
    const [first = 0, second = 0, third = 0] = pings;
    for (const gap of [second - first, third - second]) {
      expect(gap).toBeGreaterThan(4_000);
      expect(gap).toBeLessThan(6_000);
    }
    expect(shown).toEqual([["west", secrets.westAtClock]]);
    const announced = messages.map((message) => decodeMessage(message));
    expect(announced.map((message) => message?.type)).toEqual([messageType.addClient, messageType.addClient]);
    const keys = announced.map(
      (message) => parseClient(String(Buffer.from(message?.payload ?? [])))?.clientKey,
    );
    expect(keys).toEqual([steve(ofWest), ofWest]);
    const list = drover(west, ["peer", "list"]).split("\n");
    expect(list.find((line) => line.startsWith("clock"))).toMatch(/^clock +True +False +c-west +- +wss:/);
  });

  it("tunnel 27: a Drover that falls silent is left within 5 s, one that stops at once; a Peer that is deleted loses its sessions and what it reached", async () => {
    expect(await who(west, twice)).toBe("east");
    const [workerd = 0] = processesOf(east.drover, "workerd");
    process.kill(workerd, "SIGSTOP");
    // Half-open: nobody says a word, and no connection is closed.
    const began = Date.now();
    expect(await who(west, twice)).toBe("go");
    expect(Date.now() - began).toBeLessThan(10_000);
    const again = Date.now();
    expect(await who(west, twice)).toBe("go");
    expect(Date.now() - again).toBeLessThan(2_000);
    process.kill(workerd, "SIGCONT");
    await eventually("east is stopped", 30_000, async () =>
      (await east.drover.stop()) === 0 ? true : undefined,
    );
    await eventually("nobody", 20_000, async () =>
      (await who(west, eastOnly)) === "200" ? undefined : true,
    );
    await callJson(west.admin, "DELETE", "/apis/drover.io/v1/peers/go");
    await eventually("Go has lost west's cluster", 20_000, async () =>
      (await askGo(`/has/${steve(ofWest)}`)).status === 404 ? true : undefined,
    );
    await eventually("west has lost Go's", 20_000, async () =>
      (await who(west, both)) === "404" ? true : undefined,
    );
  });
});
