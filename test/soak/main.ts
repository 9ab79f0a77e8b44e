/**
 * `npm run soak`: clusters with real agents behind bad lines, under traffic, for an hour. Agents are killed and stopped,
 * lines cut, thinned and lossy. Rounds end in a quiet moment: everything is mended, and the state must be as it was.
 *
 *   npm run soak -- [--minutes 60] [--clusters 4]
 *
 * Fails when an answer is wrong or none, when a session does not come back or a stream stays, and when memory or handles
 * of Drover or of an agent grow from the first quiet moment to the last.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
} from "../e2e/drover.ts";
import { newCluster } from "../e2e/scripted-agent.ts";
import { buildPeer, startPeer } from "../peers/peers.ts";
import { createAuthority } from "../testbed/certs.ts";
import { agentKinds, isDeadlocked, soakAgent } from "./agents.ts";
import { torment } from "./chaos.ts";
import type { Victim } from "./chaos.ts";
import { makeLinks } from "./links.ts";
import { growth, processSample, tunnelSample } from "./samples.ts";
import type { Sample, TunnelSample } from "./samples.ts";
import { uses } from "./traffic.ts";
import type { Outcomes, Site } from "./traffic.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, clusters: { type: "string", default: "4" } },
});
const minutes = Number(values.minutes);
const clusterCount = Number(values.clusters);
const password = "soak passphrase";
const address = "127.0.0.1:6080";
/** The first round fills caches; it is not judged. */
const rounds = Math.max(4, Math.min(12, Math.round(minutes / 2)));
/** A dead session of a used cluster is found within 90 s. */
const quietMs = 180_000;

async function main(): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), "drover-soak-"));
  cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
  const network = makeLinks(clusterCount);
  cleanup.defer(() => {
    for (const link of network.links) link.close();
  });
  process.once("SIGINT", () => void cleanup.disposeAsync().then(() => process.exit(130)));
  console.log(`${minutes} minutes in ${rounds} rounds, ${clusterCount} clusters; ${network.how}`);

  const authority = createAuthority("soak ca");
  const { certPem, keyPem } = authority.server("soak", [
    "localhost",
    "127.0.0.1",
    ...new Set(network.addresses),
  ]);
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const caPath = file("ca.crt", authority.certPem);
  const drover = await startDrover({
    args: [
      ["--bootstrap-password", password],
      ["--log-level", "warn"],
      ["--host", "0.0.0.0"],
      ["--tls-cert", file("tls.crt", certPem)],
      ["--tls-key", file("tls.key", keyPem)],
      ["--tls-ca", caPath],
    ].flat(),
    env: { DROVER_STEVE_ADDRESS: address },
    caPath,
  });
  cleanup.defer(async () => {
    await drover.stop();
    removeDataDir(drover.dataDir);
  });
  await network.open(drover.port);
  const login = await loginAs(drover, "admin", password);
  const { token } = await callJson<{ token: string }>(login, "POST", "/v3/tokens", { description: "soak" });
  const admin = { ...login, token };
  if (network.links[0]?.prefix.length === 0) {
    const backend = startPeer(buildPeer("v0.6.1"), ["http", "-plain", "-listen", address]);
    cleanup.defer(() => backend.stop());
  }

  const victims: (Victim & Site & { readonly id: string })[] = [];
  for (const [at, link] of network.links.entries()) {
    const kind = agentKinds[at % agentKinds.length] ?? "ours";
    const cluster = await newCluster(admin, `soak-${at}`);
    const agent = soakAgent({ kind, link, token: cluster.token, caPath, address });
    cleanup.defer(() => agent.stop());
    victims.push({
      id: cluster.id,
      agent,
      link,
      url: `${drover.url}/k8s/clusters/${cluster.id}`,
      ca: drover.ca,
      token,
    });
  }

  const outcomes: Outcomes = { counts: new Map(), faults: [] };
  const happened = new Map<string, number>();
  const workerd = processesOf(drover, "workerd")[0] ?? 0;

  const missing = ({ sessions }: TunnelSample): typeof victims =>
    victims.filter(({ id }) => sessions.get(id) !== 1);

  const together = (): Promise<TunnelSample> =>
    eventually("quiet: all sessions, no stream", quietMs, async () => {
      const found = await tunnelSample(admin);
      if (missing(found).length === 0 && found.streams === 0) return found;
      const said = missing(found).map(({ id, agent }) => `${found.sessions.get(id)} of ${agent.kind}`);
      throw new Error(`${found.streams} streams; sessions: ${said.join(", ")}`);
    });

  /** Restarts agents that their own library has locked up; else tells what both sides know: nothing can be asked later. */
  const revive = async (problem: unknown): Promise<void> => {
    const lost = missing(await tunnelSample(admin));
    // Go prints all its goroutines, and ends.
    for (const { agent } of lost) agent.signal("SIGQUIT");
    await sleep(1_000);
    if (lost.length > 0 && lost.every(({ agent }) => isDeadlocked(agent.said()))) {
      const name = "deadlock within remotedialer v0.4.1";
      happened.set(name, (happened.get(name) ?? 0) + lost.length);
      return;
    }
    for (const { id, agent } of lost) {
      const { text } = await call(admin, "GET", `/v3/clusters/${id}`);
      console.log(`${id} (${agent.kind}) as Drover sees it: ${text}\nand its agent:\n${agent.said()}`);
    }
    console.log(`the end of Drover's log:\n${drover.output().slice(-20_000)}`);
    throw problem;
  };

  const quiet = async (): Promise<Sample> => {
    const tunnels = await together().catch(async (error: unknown) => {
      await revive(error);
      return together();
    });
    // Sockets of clients that have just left.
    await sleep(5_000);
    const pids: [string, number | undefined][] = [
      ["front", drover.launcher.pid],
      ["workerd", workerd],
      ...victims.map(({ agent }, at): [string, number | undefined] => [
        `agent ${at} (${agent.kind})`,
        agent.pid(),
      ]),
    ];
    const processes: Record<string, { mb: number; files: number }> = {};
    for (const [name, pid] of pids) {
      const sample = pid === undefined ? undefined : processSample(pid);
      if (sample !== undefined) processes[name] = sample;
    }
    return { ...tunnels, processes };
  };

  const samples: Sample[] = [await quiet()];
  report(0, samples[0]);
  for (let round = 1; round <= rounds; round++) {
    const stop = new AbortController();
    const traffic = victims.flatMap((site) => uses.map((use) => use(site, outcomes, stop.signal)));
    const chaos = victims.map((victim) => torment(victim, stop.signal, happened));
    await sleep((minutes * 60_000) / rounds);
    stop.abort();
    await Promise.all([...traffic, ...chaos]);
    for (const { link } of victims) link.heal();
    samples.push(await quiet());
    report(round, samples.at(-1));
    if (!processSample(workerd)) outcomes.faults.push("workerd is another process than before");
  }

  console.log(`befell the agents: ${list(happened)}`);
  console.log(`requests: ${list(outcomes.counts)}`);
  const [, early] = samples;
  const late = samples.at(-1);
  const grown = early === undefined || late === undefined ? ["nothing was sampled"] : growth(early, late);
  const faults = [...new Set(outcomes.faults)];
  for (const fault of [...faults, ...grown]) console.log(`FAULT ${fault}`);
  const logged = new Map<string, number>();
  for (const [, text = ""] of drover.output().matchAll(/(?:"level":"error"|Uncaught exception:)(.*)/g))
    logged.set(text.slice(0, 120), (logged.get(text.slice(0, 120)) ?? 0) + 1);
  console.log(`errors in the log: ${list(logged)}`);
  console.log(faults.length + grown.length === 0 ? "flat, and nothing wrong" : "FAILED");
  return faults.length + grown.length === 0 ? 0 : 1;
}

function report(round: number, sample: Sample | undefined): void {
  const parts = Object.entries(sample?.processes ?? {}).map(
    ([name, { mb, files }]) => `${name} ${mb} MB ${files} files`,
  );
  console.log(
    `${new Date().toISOString()} round ${round}: ${sample?.sessions.size} sessions, ${sample?.streams} streams; ${parts.join(", ")}`,
  );
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

process.exitCode = await main();
