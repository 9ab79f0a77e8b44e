/**
 * `npm run bench:idle -- [--minutes 31]`: what idle clusters cost, one with our agent, one with Go's v0.6.1, which sends SYNC each
 * minute, one with v0.3.2, which sends none. A whole Drover counts in its debug log; then a table by hour, and the price of a
 * month. Fails when a cluster with our agent costs a cent.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { clusterHandle } from "../../e2e/cluster.ts";
import { loginAs, removeDataDir, startDrover } from "../../e2e/drover.ts";
import { freePort } from "../../e2e/free-port.ts";
import { answerLifecycle, connectAgent, newCluster } from "../../e2e/scripted-agent.ts";
import type { ScriptedAgent } from "../../e2e/scripted-agent.ts";
import { buildPeer, startPeer } from "../../peers/peers.ts";
import type { Peer } from "../../peers/peers.ts";
import { hoursPerMonth, priceOf, scaled } from "./price.ts";
import type { Bill } from "./price.ts";

const password = "idle clusters pass phrase";
/** A cluster is watched, and its alarm more frequent, for 10 minutes after it was used; then the next one is an idle one. */
const settleMinutes = 12;
/** Assumed: handlers run for less, and no timer is left pending (docs/design/tunnel.md, "What an idle cluster costs"). */
const secondsPerEvent = 0.02;
/** Answered by the platform, seen by nobody. */
const keepalivesPerHour = 60;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "31" } } });
const minutes = Number(values.minutes);
const backend = `127.0.0.1:${await freePort()}`;
const drover = await startDrover({
  args: ["--bootstrap-password", password, "--log-level", "debug"],
  env: { DROVER_STEVE_ADDRESS: backend },
});
const peers: Peer[] = [];
let ours: ScriptedAgent | undefined;

/** Lines of the tunnel's debug log by cluster and message. */
function counts(clusterId: string): Record<string, number> {
  const seen: Record<string, number> = {};
  for (const line of drover.output().split("\n")) {
    const start = line.indexOf("{");
    if (start < 0 || !line.includes(clusterId)) continue;
    try {
      const entry = JSON.parse(line.slice(start)) as { clusterId?: string; message?: string };
      if (entry.clusterId === clusterId && entry.message !== undefined)
        seen[entry.message] = (seen[entry.message] ?? 0) + 1;
    } catch {
      // Not a line of the log.
    }
  }
  return seen;
}

try {
  const admin = await loginAs(drover, "admin", password);
  const clusters: Record<string, string> = {};
  const join = async (name: string, connect: (token: string) => Promise<void>): Promise<void> => {
    const { id, token } = await newCluster(admin, name.replaceAll(/[^a-z0-9]/g, "-"));
    await connect(token);
    await clusterHandle(admin, id).waitFor("active", 60_000);
    clusters[name] = id;
  };
  await join("our agent", async (token) => {
    ours = await connectAgent(
      drover,
      token,
      (incoming, outgoing) => void answerLifecycle(incoming, outgoing),
    );
  });
  const url = `wss://localhost:${drover.port}/v3/connect`;
  let listen = backend;
  for (const version of ["v0.6.1", "v0.3.2"] as const) {
    await join(`go ${version}`, async (token) => {
      const args = ["-url", url, "-ca", drover.caPath, "-token", token, "-listen", listen];
      const peer = startPeer(buildPeer(version), ["client", ...args]);
      peers.push(peer);
      await peer.next("connected");
    });
    // Both dial the same backend: the first one's.
    listen = "127.0.0.1:0";
  }
  console.error(`waiting ${settleMinutes} minutes, then counting for ${minutes}`);
  await sleep(settleMinutes * 60_000);
  const before = Object.fromEntries(Object.values(clusters).map((id) => [id, counts(id)]));
  await sleep(minutes * 60_000);

  console.log("an hour of          wakes  alarms  messages  requests  rows   cents a month");
  for (const [name, id] of Object.entries(clusters)) {
    const now = counts(id);
    const since = (message: string): number => (now[message] ?? 0) - (before[id]?.[message] ?? 0);
    const [alarms, requests, messages] = [since("alarm"), since("request"), since("message")];
    const bill: Bill = scaled(
      {
        alarms,
        requests,
        messages,
        rows: since("row written"),
        seconds: (alarms + requests + messages) * secondsPerEvent,
      },
      60 / minutes,
    );
    const billed = name === "our agent" ? { ...bill, messages: bill.messages + keepalivesPerHour } : bill;
    const cents = priceOf(scaled(billed, hoursPerMonth)) * 100;
    const cells = [
      (since("object woke") * 60) / minutes,
      bill.alarms,
      bill.messages,
      bill.requests,
      bill.rows,
    ];
    const widths = [6, 8, 10, 10, 6];
    const row = cells.map((cell, index) => cell.toFixed(1).padStart(widths[index] ?? 0)).join("");
    console.log(`${name.padEnd(19)}${row}${cents.toFixed(2).padStart(16)}`);
    if (name === "our agent" && cents >= 1) process.exitCode = 1;
  }
} finally {
  await ours?.stop();
  for (const peer of peers) await peer.stop();
  await drover.stop();
  removeDataDir(drover.dataDir);
}
