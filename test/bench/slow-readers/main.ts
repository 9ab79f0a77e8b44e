/**
 * `npm run bench:slow-readers -- [--readers 64] [--bytes 1000000000] [--rate 131072] [--peer v0.6.1]`: slow readers of long
 * answers through a Go agent, a fast one beside them, and small GETs beside both. Fails when one of them is cut off, when
 * workerd grows by more than the 128 MB that an object has on Cloudflare, or when the fast one loses more than 10 %. On a busy
 * machine it says little: compare the CPU of workerd, which the slow readers' own bytes are a part of.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  call,
  callJson,
  eventually,
  loginAs,
  processesOf,
  removeDataDir,
  startDrover,
} from "../../e2e/drover.ts";
import { freePort } from "../../e2e/free-port.ts";
import { newCluster } from "../../e2e/scripted-agent.ts";
import { buildPeer, peerVersions, startPeer } from "../../peers/peers.ts";
import type { PeerVersion } from "../../peers/peers.ts";
import { cpuSeconds } from "../cpu.ts";
import { median, readFast, readSlowly, timeGets, watchMemory, workerdMemory } from "./readers.ts";
import type { SlowReader, Times } from "./readers.ts";

const MiB = 1 << 20;
const runs = 5;
const gets = 300;
const size = "200 MiB";
const password = "slow readers pass phrase";
const { values } = parseArgs({
  options: {
    readers: { type: "string", default: "64" },
    bytes: { type: "string", default: "1000000000" },
    rate: { type: "string", default: "131072" },
    peer: { type: "string", default: "v0.6.1" },
  },
});
const readers = Number(values.readers);
const bytes = Number(values.bytes);
const version = values.peer as PeerVersion;
if (!(version in peerVersions)) throw new Error(`--peer is one of ${Object.keys(peerVersions).join(", ")}`);

const backend = `127.0.0.1:${await freePort()}`;
const drover = await startDrover({
  args: ["--bootstrap-password", password],
  env: { DROVER_STEVE_ADDRESS: backend },
});
try {
  const admin = await loginAs(drover, "admin", password);
  // A flood of requests from one user is what this is.
  for (const name of ["cluster-requests-per-second", "cluster-unanswered-requests"])
    await callJson(admin, "PUT", `/v3/settings/${name}`, { value: "0" });
  const { id, token } = await newCluster(admin, "slow-readers");
  const url = `wss://localhost:${drover.port}/v3/connect`;
  const args = ["-url", url, "-ca", drover.caPath, "-token", token, "-listen", backend];
  const peer = startPeer(buildPeer(version), ["client", ...args]);
  await peer.next("connected");
  const target = { drover, admin, prefix: `/k8s/clusters/${id}` };
  await eventually("an answer", 10_000, async () =>
    (await call(admin, "GET", `${target.prefix}/ping`)).status === 200 ? true : undefined,
  );
  const [pid = 0] = processesOf(drover, "workerd");
  /** Of a download: bytes per second, and seconds of workerd's CPU. */
  const fast = async (): Promise<{ rate: number; cpu: number }> => {
    const was = cpuSeconds(pid);
    const rate = await median(runs, () => readFast(target, 200 * MiB));
    return { rate, cpu: (cpuSeconds(pid) - was) / runs };
  };
  await fast();
  const alone = await fast();
  const getsAlone = await timeGets(target, gets);
  const before = workerdMemory(drover);
  const memory = watchMemory(drover);
  const slow: SlowReader[] = [];
  for (let count = 0; count < readers; count++) {
    slow.push(await readSlowly(target, bytes, { chunk: Number(values.rate) / 2, everyMs: 500 }));
    // One after the other: each finds the line empty and fills it, the worst that can be.
    await sleep(100);
  }
  await sleep(3_000);
  const taken = (): number => slow.reduce((sum, { bytes }) => sum + bytes(), 0);
  const takenBefore = taken();
  const beside = await fast();
  const slowBytes = (taken() - takenBefore) / runs;
  const getsBeside = await timeGets(target, gets);
  const grown = memory.stop() - before;
  const cut = slow.filter(({ problem }) => problem() !== undefined).length;
  const ratio = beside.rate / alone.rate;
  const megabytes = (value: number): string => (value / 1e6).toFixed(0);
  const times = ({ p50, p99 }: Times): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  console.log(
    `fast reader alone            ${megabytes(alone.rate)} MB/s, ${alone.cpu.toFixed(2)} s of workerd's CPU for ${size}`,
  );
  console.log(
    `beside ${readers} slow readers        ${megabytes(beside.rate)} MB/s (${ratio.toFixed(2)}), ${beside.cpu.toFixed(2)} s for that and ${megabytes(slowBytes)} MB of theirs`,
  );
  console.log(`small GETs alone             ${times(getsAlone)}`);
  console.log(`beside ${readers} slow readers        ${times(getsBeside)}`);
  console.log(`slow readers cut off         ${cut}`);
  console.log(
    `workerd: resident before     ${megabytes(before)} MB, grown by at most ${megabytes(grown)} MB`,
  );
  const { text: metrics } = await call(admin, "GET", "/metrics");
  const peak = /^drover_tunnel_buffered_peak_bytes\{.*\} (\d+)/m.exec(metrics)?.[1];
  console.log(`its streams held             ${megabytes(Number(peak))} MB at most`);
  for (const { stop } of slow) stop();
  await peer.stop();
  if (cut > 0 || ratio < 0.9 || grown > 128e6) process.exitCode = 1;
} finally {
  await drover.stop();
  removeDataDir(drover.dataDir);
}
