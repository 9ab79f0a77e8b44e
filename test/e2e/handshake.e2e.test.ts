/** How agents connect (tunnel.md 2, checks 18, 21, 29-35), against a whole Drover on a Postgres of the test's own. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import postgres from "postgres";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeMessage, messageType, decodeMessage } from "../../wire/remotedialer/codec.ts";
import { allAtRest, evictions } from "../evictions/evictions.ts";
import { migratedPostgres } from "../setup/database.ts";
import { call, callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { newCluster, tryConnect, tunnelParams } from "./scripted-agent.ts";

const password = "handshake test passphrase";
const goodParams = { address: "10.43.0.1:443", caCert: "Q0E=", token: "account-token" };

describe("agents connecting", () => {
  let drover: Drover;
  let sql: Sql;
  let stopPostgres: () => Promise<void>;
  let admin: Connection;
  let cluster: { id: string; token: string };

  beforeAll(async () => {
    const database = await migratedPostgres();
    stopPostgres = database.stop;
    sql = postgres(database.url, { fetch_types: false });
    drover = await startDrover({ args: ["--bootstrap-password", password, "--database-url", database.url] });
    admin = await loginAs(drover, "admin", password);
    cluster = await newCluster(admin, "handshake");
  }, 120_000);

  afterAll(async () => {
    await drover?.stop();
    await sql?.end();
    await stopPostgres?.();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  const revision = async (): Promise<string> =>
    String((await sql`select revision from revision`)[0]?.["revision"]);
  const status = async (): Promise<Record<string, string>> => {
    const [row] = await sql<{ body: string }[]>`
      select body from objects where type = 'clusters.management.cattle.io' and name = ${cluster.id}`;
    return (JSON.parse(row?.body ?? "{}") as { status: Record<string, string> }).status;
  };
  const connectMain = async (params: Record<string, unknown>, path = "/v3/connect"): Promise<void> => {
    const answer = await tryConnect(drover, path, {
      "x-API-tunnel-TOKEN": cluster.token,
      "X-API-Tunnel-Params": tunnelParams(params),
    });
    expect(answer).toMatchObject({ status: 101 });
    expect(answer.headers).not.toHaveProperty("sec-websocket-protocol");
    expect(answer.headers).not.toHaveProperty("sec-websocket-extensions");
    answer.socket?.close();
  };

  it("tunnel 29: /ping answers pong to anyone, within 50 ms", async () => {
    const anyone = { server: drover.url, ca: drover.ca };
    const took: number[] = [];
    for (let times = 0; times < 20; times++) {
      const began = performance.now();
      expect(await call(anyone, "GET", "/ping")).toEqual({ status: 200, text: "pong" });
      took.push(performance.now() - began);
    }
    // Each by a TLS connection of its own; twice what is promised, and by most: the machine may be busy.
    expect(took.toSorted((a, b) => a - b)[9]).toBeLessThan(100);
  });

  it("tunnel 31: refuses by the text of each reason, and tells nothing before a token is right", async () => {
    const attempt = async (headers: Record<string, string>): Promise<string> => {
      const { status: code, text } = await tryConnect(drover, "/v3/connect", headers);
      return `${code} ${text.trim()}`;
    };
    const token = { "X-API-Tunnel-Token": cluster.token };
    const params = (value: Record<string, unknown>): Record<string, string> => ({
      ...token,
      "X-API-Tunnel-Params": tunnelParams(value),
    });
    expect(await attempt({})).toBe("401 failed authentication");
    expect(await attempt({ "X-API-Tunnel-Token": "unknown" })).toBe("400 cluster not found");
    expect(await attempt({ "X-API-Tunnel-Token": "unknown", "X-API-Tunnel-Params": "!!" })).toBe(
      "400 cluster not found",
    );
    expect(await attempt({ ...token, "X-API-Tunnel-Params": "!!" })).toMatch(/^400 .*base64/);
    expect(await attempt({ ...token, "X-API-Tunnel-Params": btoa("not json") })).toMatch(/^400 .*JSON/);
    expect(await attempt({ ...token, "X-API-Tunnel-Params": btoa("{}") })).toBe(
      "400 missing node or cluster registration info",
    );
    const node = { ...token, "X-API-Tunnel-Params": btoa('{"node":{"requestedHostname":""}}') };
    expect(await attempt(node)).toBe("400 invalid input, hostname empty");
    expect(await attempt(params({ ...goodParams, address: "" }))).toBe("400 invalid input, address empty");
    expect(await attempt(params({ ...goodParams, token: "" }))).toBe("400 invalid input, token empty");
    expect(await attempt(params({ ...goodParams, caCert: "" }))).toBe("400 invalid input, caCert empty");
    expect(await attempt(params({ ...goodParams, address: "a b/../:443" }))).toMatch(
      /^400 invalid input, address/,
    );
    expect((await status())["driver"]).toBeUndefined();
  });

  it("tunnel 30, tunnel 32: the first connect writes driver, endpoint, CA and credential; the same again writes nothing", async () => {
    await connectMain(goodParams, "/v3/connect/register");
    const first = await status();
    expect(first).toMatchObject({ driver: "imported", apiEndpoint: "https://10.43.0.1:443", caCert: "Q0E=" });
    await eventually("the lifecycle has settled", 10_000, async () => {
      const [due] = await sql`select count(*)::int as n from work where controller = 'cluster-lifecycle'`;
      return due?.["n"] === 0 ? true : undefined;
    });
    const before = await revision();
    await connectMain(goodParams);
    await connectMain(goodParams, "/v3/connect/register");
    expect(await revision()).toBe(before);
    const secretRows = await sql<{ name: string; sealed: string; body: string }[]>`
      select name, sealed, body from objects where type = 'secrets' and namespace = 'cattle-global-data'`;
    expect(secretRows.map(({ name }) => name)).toEqual([first["serviceAccountTokenSecret"]]);
    expect(JSON.stringify(secretRows)).not.toContain(btoa("account-token"));

    await connectMain({ ...goodParams, token: "rotated-token" });
    const second = await status();
    expect(second["serviceAccountTokenSecret"]).not.toBe(first["serviceAccountTokenSecret"]);
    const left = await sql<
      { name: string }[]
    >`select name from objects where type = 'secrets' and namespace = 'cattle-global-data'`;
    expect(left.map(({ name }) => name)).toEqual([second["serviceAccountTokenSecret"]]);
  });

  it("tunnel 33: puts a bare IPv6 address in brackets", async () => {
    await connectMain({ ...goodParams, address: "fd00::1:443" });
    expect((await status())["apiEndpoint"]).toBe("https://[fd00::1]:443");
  });

  it("tunnel 34: a steve session needs the bearer of a registration token", async () => {
    const steve = (token: string) =>
      tryConnect(drover, "/v3/connect", { authorization: `Bearer stv-cluster-${token}` });
    expect(await steve("wrong")).toMatchObject({ status: 401, text: "failed authentication\n" });
    expect(await steve("")).toMatchObject({ status: 401 });
    const good = await steve(cluster.token);
    expect(good.status).toBe(101);
    good.socket?.close();
  });

  it("tunnel 35: takes parameters of 16 KiB", async () => {
    await connectMain({ ...goodParams, caCert: "A".repeat(16 << 10) });
  });

  it("refuses a request that is no WebSocket upgrade, though its token is right", async () => {
    const answer = await call({ server: drover.url, ca: drover.ca }, "GET", "/v3/connect");
    expect(answer.status).toBe(401);
  });

  it("tunnel 18: answers PING within a second", async () => {
    const { socket } = await tryConnect(drover, "/v3/connect", {
      authorization: `Bearer stv-cluster-${cluster.token}`,
    });
    if (socket === undefined) throw new Error("no socket");
    // With evictions: by the platform, of an object that is out of memory and stays so.
    await allAtRest(10_000);
    const before = evictions();
    for (let times = 0; times < 3; times++) {
      const began = Date.now();
      const pong = once(socket, "pong");
      socket.ping();
      await pong;
      expect(Date.now() - began).toBeLessThan(2_000);
    }
    expect(evictions()).toBe(before);
    socket.close();
  });

  it("tunnel 21: takes a message that comes in fragments of 4096 bytes", async () => {
    const { socket } = await tryConnect(drover, "/v3/connect", {
      authorization: `Bearer stv-cluster-${cluster.token}`,
    });
    if (socket === undefined) throw new Error("no socket");
    const payload = randomBytes(32 << 10).toString("hex");
    socket.on("message", (received: Buffer) => {
      const asked = decodeMessage(received);
      if (asked?.type !== messageType.data || !Buffer.from(asked.payload).includes("GET /apis/whole "))
        return;
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${payload.length}\r\n\r\n`;
      const message = encodeMessage(messageType.data, asked.connId, Buffer.from(head + payload));
      for (let at = 0; at < message.length; at += 4096) {
        const part = message.subarray(at, at + 4096);
        socket.send(part, { binary: true, fin: at + part.length === message.length });
      }
    });
    const answer = await call(admin, "GET", `/k8s/clusters/${cluster.id}/apis/whole`);
    expect(answer).toEqual({ status: 200, text: payload });
    socket.close();
  });

  it("tunnel 3: ends a session that sends text, and no other", async () => {
    const open = async () => {
      const { socket } = await tryConnect(drover, "/v3/connect", {
        authorization: `Bearer stv-cluster-${cluster.token}`,
      });
      if (socket === undefined) throw new Error("no socket");
      return socket;
    };
    const [one, other] = [await open(), await open()];
    const closed = once(one, "close");
    one.send("text");
    await closed;
    expect(other.readyState).toBe(other.OPEN);
    other.close();
  });

  describe("when a registration token ends", () => {
    const tokensOf = (id: string) =>
      `/k8s/clusters/local/apis/management.cattle.io/v3/namespaces/${id}/clusterregistrationtokens/default-token`;
    const secretOf = (id: string) =>
      `/k8s/clusters/local/api/v1/namespaces/${id}/secrets/crt-token-default-token`;
    const open = async (token: string) => {
      const { socket } = await tryConnect(drover, "/v3/connect", {
        authorization: `Bearer stv-cluster-${token}`,
      });
      if (socket === undefined) throw new Error("no socket");
      const closed = new Promise<string>((resolve) =>
        socket.once("close", (_code, reason) => resolve(reason.toString())),
      );
      return { socket, closed };
    };
    const refused = async (token: string): Promise<void> => {
      const headers = { authorization: `Bearer stv-cluster-${token}` };
      expect(await tryConnect(drover, "/v3/connect", headers)).toMatchObject({ status: 401 });
    };
    const dataOf = async (id: string): Promise<Record<string, string>> => {
      const { data } = await callJson<{ data: Record<string, string> }>(admin, "GET", secretOf(id));
      return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, atob(value)]));
    };
    const change = async (path: string, edit: (object: KubeLike) => void): Promise<void> => {
      const object = await callJson<KubeLike>(admin, "GET", path);
      edit(object);
      await callJson(admin, "PUT", path, object);
    };

    it("its sessions end with it: deleted, or its Secret replaced", async () => {
      const { id, token } = await newCluster(admin, "revoked");
      const first = await open(token);
      expect((await call(admin, "DELETE", secretOf(id))).status).toBe(200);
      expect(await first.closed).toBe("registration token revoked");
      await refused(token);
      const { token: second = "" } = await eventually("a new token", 10_000, () =>
        dataOf(id).catch(() => undefined),
      );
      const other = await open(second);
      expect((await call(admin, "DELETE", tokensOf(id))).status).toBe(200);
      expect(await other.closed).toBe("registration token revoked");
      await refused(second);
    });

    it("tunnel 34: a rotated one keeps its sessions for its grace time, and its sessions end with that", async () => {
      const { id, token } = await newCluster(admin, "rotated");
      const old = await open(token);
      await change(tokensOf(id), (object) => {
        object.metadata.annotations = { ...object.metadata.annotations, "drover.io/rotate-token": "now" };
      });
      const { token: second = "", previousToken } = await eventually("the rotation", 10_000, async () => {
        const data = await dataOf(id);
        return data["token"] === token ? undefined : data;
      });
      expect(previousToken).toBe(token);
      const fresh = await open(second);
      (await open(token)).socket.close();
      expect(old.socket.readyState).toBe(old.socket.OPEN);
      await change(secretOf(id), ({ data = {} }) => {
        data["gracePeriodExpiresAt"] = btoa(new Date(Date.now() + 1_000).toISOString());
      });
      expect(await old.closed).toBe("registration token revoked");
      await refused(token);
      expect(fresh.socket.readyState).toBe(fresh.socket.OPEN);
      await change(secretOf(id), ({ data = {} }) => {
        data["expiresAt"] = btoa(new Date(Date.now() + 1_000).toISOString());
      });
      expect(await fresh.closed).toBe("registration token revoked");
      await refused(second);
    });

    it("with its cluster, too", async () => {
      const { id, token } = await newCluster(admin, "gone");
      const { closed } = await open(token);
      await call(admin, "DELETE", `/v3/clusters/${id}`);
      expect(await closed).toBe("cluster deleted");
      await refused(token);
    });
  });
});

interface KubeLike {
  metadata: { annotations?: Record<string, string> };
  data?: Record<string, string>;
}
