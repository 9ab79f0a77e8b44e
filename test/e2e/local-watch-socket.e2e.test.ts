/** Watches over WebSocket (issue 4, requirement 4), with a real kube-apiserver as the yardstick. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { buildClientGo, startClientGo } from "../clientgo/clientgo.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { writeLocalKubeconfig } from "./local.ts";

const password = "watch socket passphrase";
const maps = "/api/v1/namespaces/default/configmaps";

describe("watches over WebSocket", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let testbed: Testbed;
  let clientGo: string;
  let home: string;
  let kubeconfig: string;

  const kubectl = async (config: string, args: readonly string[], input?: string): Promise<string> => {
    const command = { kubectl: testbed.kubectl, kubeconfig: config, home };
    const { code, stdout, stderr } = await runKubectl(command, args, input === undefined ? {} : { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: code ${code}\n${stderr}`);
    return stdout;
  };
  const configMap = (name: string, value: string): string =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default", labels: { test: "socket" } },
      data: { value },
    });
  const open = (query: string, protocols: string[] = [], headers: Record<string, string> = {}): WebSocket =>
    new WebSocket(`wss://localhost:${drover.port}/k8s/clusters/local${maps}?watch=true&${query}`, protocols, {
      ca: drover.ca,
      perMessageDeflate: false,
      headers: { authorization: `Bearer ${admin.token}`, ...headers },
    });
  /** The status of an upgrade that is refused. */
  const refusal = async (socket: WebSocket): Promise<number | undefined> => {
    socket.on("error", () => {});
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number }];
    socket.terminate();
    return response.statusCode;
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-socket-"));
    const onProgress = (line: string): void => console.error(line);
    [drover, testbed, clientGo] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed({ onProgress }),
      buildClientGo(onProgress),
    ]);
    admin = await loginAs(drover, "admin", password);
    kubeconfig = join(home, "kc");
    writeLocalKubeconfig(kubeconfig, drover, admin.token);
    const namespaces = await kubectl(kubeconfig, ["get", "namespaces", "-o", "name"]);
    if (!namespaces.includes("namespace/default\n"))
      await kubectl(kubeconfig, ["create", "namespace", "default"]);
  }, 900_000);

  afterAll(async () => {
    await drover?.stop();
    await testbed?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it("say to a Go client what kube-apiserver says, message by message, to the end", async () => {
    const transcript = async (config: string): Promise<unknown[]> => {
      await kubectl(config, ["create", "-f", "-"], configMap("first", "1"));
      const path = `${maps}?watch=1&labelSelector=test%3Dsocket&timeoutSeconds=5`;
      const socket = startClientGo(clientGo, "socket", config, { path, protocol: "anything" });
      try {
        const opened = await socket.next("open");
        const first = await socket.next("message");
        await kubectl(config, ["replace", "-f", "-"], configMap("first", "2"));
        await kubectl(config, ["delete", "configmap", "first"]);
        const others = [await socket.next("message"), await socket.next("message")];
        return [opened, first, ...others, await socket.next("end")];
      } finally {
        await socket.stop();
      }
    };
    const [ours, theirs] = await Promise.all([transcript(kubeconfig), transcript(testbed.kubeconfig)]);
    expect(ours).toEqual(theirs);
    expect(ours).toContainEqual({
      event: "message",
      text: true,
      lineFeed: true,
      what: "MODIFIED ConfigMap first",
    });
    expect(ours.at(-1)).toMatchObject({ event: "end", orderly: true });
  });

  it("come as tables and with bookmarks, and end with 1000 at their timeout", async () => {
    await kubectl(kubeconfig, ["create", "-f", "-"], configMap("tabled", "1"));
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const socket = open(`${query}&timeoutSeconds=2&fieldSelector=metadata.name%3Dtabled`, [], {
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
    });
    const events: { type: string; object: { kind: string } }[] = [];
    socket.on("message", (data: Buffer) => events.push(JSON.parse(data.toString()) as (typeof events)[0]));
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1000);
    expect(events.slice(0, 2).map(({ type, object }) => `${type} ${object.kind}`)).toEqual([
      "ADDED Table",
      "BOOKMARK Table",
    ]);
  });

  it("are refused before the upgrade, as a plain answer", async () => {
    expect(await refusal(open("", [], { authorization: "Bearer nobody:nothing" }))).toBe(401);
    expect(await refusal(open("labelSelector=%3D%3D"))).toBe(400);
    expect(await refusal(open("", ["one", "two"]))).toBe(400);
  });

  it("tell of a revision that is yet to come by an event, and end", async () => {
    const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999";
    const socket = open(query);
    const [[message], [code]] = (await Promise.all([once(socket, "message"), once(socket, "close")])) as [
      [Buffer],
      [number],
    ];
    expect(JSON.parse(message.toString())).toMatchObject({
      type: "ERROR",
      object: { code: 504, details: { causes: [{ reason: "ResourceVersionTooLarge" }] } },
    });
    expect(code).toBe(1000);
  });

  it("take a bearer token as a subprotocol, as browsers send it, and do not repeat it", async () => {
    const spoken = (token: string): string =>
      `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
    const browser = (...protocols: string[]): WebSocket =>
      new WebSocket(`wss://localhost:${drover.port}${maps}?watch=true`, protocols, { ca: drover.ca });
    const socket = browser(spoken(admin.token), "base64.binary.k8s.io");
    await once(socket, "open");
    expect(socket.protocol).toBe("base64.binary.k8s.io");
    socket.close();
    expect(await refusal(browser(spoken("token-abcde:wrong"), "base64.binary.k8s.io"))).toBe(401);
    expect(await refusal(browser(spoken(admin.token)))).toBe(401);
  });

  it("end when the client goes, whatever it said before, and hundreds leave nothing behind", async () => {
    for (let round = 0; round < 8; round++) {
      const sockets = Array.from({ length: 50 }, () => open("resourceVersion=0&labelSelector=none"));
      await Promise.all(sockets.map((socket) => once(socket, "open")));
      for (const [index, socket] of sockets.entries()) {
        socket.send("a watch does not listen");
        if (index % 2 === 0) socket.close();
        else socket.terminate();
      }
    }
    const last = open("fieldSelector=metadata.name%3Dafterwards");
    await once(last, "open");
    const message = once(last, "message");
    await kubectl(kubeconfig, ["create", "-f", "-"], configMap("afterwards", "1"));
    expect(String((await message)[0])).toMatch(/^\{"type":"ADDED".*\}\n$/s);
    last.terminate();
  }, 60_000);

  it("do not pile up what a client is too slow for: it is cut, and the others notice nothing", async () => {
    const from = JSON.parse(await kubectl(kubeconfig, ["get", "--raw", maps])) as {
      metadata: { resourceVersion: string };
    };
    const query = `resourceVersion=${from.metadata.resourceVersion}&fieldSelector=metadata.name%3Dbig`;
    const [slow, fast] = [open(query), open(query)];
    let [slowCount, fastCount] = [0, 0];
    slow.on("message", () => slowCount++);
    fast.on("message", () => fastCount++);
    await Promise.all([once(slow, "open"), once(fast, "open")]);
    slow.pause();
    const changes = 40;
    const large = (index: number): unknown => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "big" },
      data: { value: `${index} ${randomBytes(65_000).toString("hex").repeat(5)}` },
    });
    const path = `/k8s/clusters/local${maps}`;
    await callJson(admin, "POST", path, large(0));
    for (let index = 1; index < changes; index++) await callJson(admin, "PUT", `${path}/big`, large(index));
    await eventually("the fast one has all", 20_000, () => (fastCount === changes ? true : undefined));
    const closed = once(slow, "close");
    slow.resume();
    expect((await closed)[0]).toBe(1000);
    expect(slowCount).toBeGreaterThan(0);
    expect(slowCount).toBeLessThan(changes);
    fast.terminate();
  }, 120_000);
});
