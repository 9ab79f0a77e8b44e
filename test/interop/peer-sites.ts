/** Sites that are peers of each other: whole Drovers, and Go remotedialer servers, with clusters that say who holds them. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { WebSocketServer } from "ws";
import { sendPattern } from "../../agent/testing/apiserver.ts";
import {
  call,
  callJson,
  cleanEnv,
  eventually,
  loginAs,
  removeDataDir,
  root,
  startDrover,
} from "../e2e/drover.ts";
import type { Connection, Drover } from "../e2e/drover.ts";
import { answerLifecycle, connectAgent } from "../e2e/scripted-agent.ts";
import type { ScriptedAgent } from "../e2e/scripted-agent.ts";
import { buildPeer, startPeer } from "../peers/peers.ts";
import type { PeerVersion } from "../peers/peers.ts";

const password = "peers test passphrase";
export const connectPath = "/v3/connect";
export const newSecret = (): string => randomBytes(24).toString("base64url");
/** The client key of a steve session. */
export const steve = (id: string): string => `stv-cluster-${id}`;
export const at = (id: string, path = "/api/who"): string => `/k8s/clusters/${id}${path}`;

export interface Site {
  readonly drover: Drover;
  readonly admin: Connection & { token: string };
  readonly stop: () => Promise<unknown>;
}

export async function startSite(): Promise<Site> {
  const drover = await startDrover({ args: ["--bootstrap-password", password] });
  const stop = async (): Promise<void> => {
    await drover.stop();
    removeDataDir(drover.dataDir);
  };
  return { drover, admin: await loginAs(drover, "admin", password), stop };
}

/** With an id of the test's choice; its registration token. */
export async function createCluster({ admin }: Site, name: string): Promise<string> {
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

/** `npm run drover -- …`, logged in; what it prints. `dir`: for its login. */
export function runCli(
  { drover: { url, ca }, admin }: Site,
  dir: string,
  args: readonly string[],
  peerSecret = "",
): string {
  const home = mkdtempSync(join(dir, "cli-"));
  mkdirSync(join(home, "drover"));
  writeFileSync(join(home, "drover/config.json"), JSON.stringify({ server: url, token: admin.token, ca }));
  return execFileSync(process.execPath, ["infra/cli/main.ts", ...args], {
    cwd: root,
    env: cleanEnv({ XDG_CONFIG_HOME: home, DROVER_PEER_SECRET: peerSecret }),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

export async function createPeer({ admin }: Site, name: string, spec: object, secret: object): Promise<void> {
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

/** A Go remotedialer server. */
export interface GoSite {
  readonly id: string;
  readonly port: number;
  readonly ca: string;
  readonly caPath: string;
  /** What it shows its peers. */
  readonly token: string;
  /** A request to it. */
  readonly ask: (path: string) => Promise<{ status: number; text: string }>;
  readonly stop: () => Promise<unknown>;
}

/** `keys`: of clients to which it passes requests on, below `/via/<key>/`. */
export async function startGo(
  id: string,
  version: PeerVersion,
  dir: string,
  keys: readonly string[],
): Promise<GoSite> {
  const caPath = join(dir, `${id}.crt`);
  const token = newSecret();
  const options = ["-ca-out", caPath, "-peer-id", id, "-peer-token", token];
  const peer = startPeer(buildPeer(version), ["server", ...options, ...keys]);
  const port = Number(String((await peer.next("ready"))["address"]).split(":")[1]);
  const ca = readFileSync(caPath, "utf8");
  return {
    id,
    port,
    ca,
    caPath,
    token,
    async ask(path) {
      const outgoing = request(`https://127.0.0.1:${port}${path}`, { ca, agent: false });
      outgoing.end();
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, text: await text(answer) };
    },
    stop: () => peer.stop(),
  };
}

/** Each dials the other: the site reaches `used` there, and Go reaches `offered` here. The site is "west". */
export async function pairWithGo(
  site: Site,
  go: GoSite,
  dir: string,
  clusters: { used: readonly string[]; offered: string },
): Promise<void> {
  const shown = newSecret();
  await createPeer(site, go.id, { usedClusters: clusters.used }, { incoming: go.token });
  const url = encodeURIComponent(`wss://localhost:${site.drover.port}${connectPath}`);
  // Before we come: whom Go does not know as a peer it takes for an agent.
  await go.ask(`/peer?url=${url}&id=west&token=${shown}`);
  const dial = ["--url", `wss://127.0.0.1:${go.port}${connectPath}`, "--ca", go.caPath, "--local-id", "west"];
  runCli(site, dir, ["peer", "add", go.id, ...dial, "--offer", clusters.offered], shown);
}

/** A cluster that says who holds it, joined to that holder; its WebSockets say what they are told. */
export async function joinAs(
  holder: string,
  site: Pick<Drover, "port" | "ca">,
  token: string,
): Promise<ScriptedAgent> {
  const agent = await connectAgent(site, token, answering(holder));
  const sockets = new WebSocketServer({ noServer: true });
  agent.server.on("upgrade", (incoming, socket, head) =>
    sockets.handleUpgrade(incoming, socket, head, (client) =>
      client.on("message", (data, isBinary) => client.send(data, { binary: isBinary })),
    ),
  );
  return agent;
}

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

/** Who holds the cluster, as the site's administrator finds it; the status of any answer but 200. */
export async function who({ admin }: Site, id: string): Promise<string> {
  const answer = await call(admin, "GET", at(id));
  if (answer.status !== 200) return String(answer.status);
  return (JSON.parse(answer.text) as { holder: string }).holder;
}

/** Waits until that is so. */
export async function found(site: Site, id: string, ...holders: string[]): Promise<void> {
  await eventually(`${id} is of ${holders.join(" or ")}`, 30_000, async () => {
    const holder = await who(site, id);
    if (holders.includes(holder)) return true;
    throw new Error(`it is of ${holder}`);
  });
}
