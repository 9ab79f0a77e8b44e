/**
 * `npm run bench`: what a request through Drover costs beside the same request made directly, and beside two floors, all
 * behind TLS, in one run. Ratios count; absolute figures are this machine's.
 *
 *   npm run bench -- [--seconds 5] [--download-mib 512]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import {
  callJson,
  eventually,
  loginAs,
  newDataDir,
  removeDataDir,
  startDrover,
  call,
} from "../e2e/drover.ts";
import { freePort } from "../e2e/free-port.ts";
import { newCluster } from "../e2e/scripted-agent.ts";
import { buildPeer, startPeer } from "../peers/peers.ts";
import { cpuSeconds } from "./cpu.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, "download-mib": { type: "string", default: "512" } },
});
const seconds = Number(values.seconds);
const downloadBytes = Number(values["download-mib"]) << 20;
const concurrencies = [1, 16, 64] as const;
const password = "bench passphrase";

interface Target {
  readonly name: string;
  readonly url: string;
  readonly ca: string;
  readonly token?: string;
  /** Processes whose CPU time counts as the server's. */
  readonly pids: readonly number[];
}

interface Row {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicros: number;
}

const binary = buildPeer("v0.6.1");

async function load(target: Target, args: readonly string[]): Promise<Record<string, number>> {
  const all = ["load", "-url", target.url, "-ca", target.ca, "-bearer-env", "BENCH_TOKEN", ...args];
  const peer = startPeer(binary, all, { BENCH_TOKEN: target.token ?? "" });
  try {
    return (await peer.next("done", 600_000)) as unknown as Record<string, number>;
  } finally {
    await peer.stop();
  }
}

async function measure(target: Target, concurrency: number): Promise<Row> {
  await load(target, ["-c", String(concurrency), "-seconds", "1"]);
  const cpuBefore = target.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const result = await load(target, ["-c", String(concurrency), "-seconds", String(seconds)]);
  const cpu = target.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) - cpuBefore;
  const { requests = 0, failures = 0, seconds: elapsed = 1, p50ms = 0, p99ms = 0 } = result;
  if (failures > 0) throw new Error(`${target.name}: ${failures} requests failed`);
  return { rate: requests / elapsed, p50: p50ms, p99: p99ms, cpuMicros: (cpu / requests) * 1e6 };
}

async function download(target: Target): Promise<{ rate: number; cpu: number }> {
  const cpuBefore = target.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const { bytes = 0, seconds: elapsed = 1 } = await load(target, ["-once"]);
  if (bytes !== downloadBytes) throw new Error(`${target.name}: ${bytes} bytes instead of ${downloadBytes}`);
  return {
    rate: bytes / elapsed / 1e6,
    cpu: target.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) - cpuBefore,
  };
}

async function main(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "drover-bench-"));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));

  console.error("starting Drover, an agent (Go remotedialer v0.6.1), the direct server and the floors");
  const backend = `127.0.0.1:${await freePort()}`;
  const drover = await startDrover({
    args: ["--bootstrap-password", password, "--log-level", "warn"],
    // One user as fast as he can: what is measured is not the limit.
    env: {
      DROVER_STEVE_ADDRESS: backend,
      CATTLE_CLUSTER_REQUESTS_PER_SECOND: "0",
      CATTLE_CLUSTER_REQUESTS_PER_SECOND_PER_USER: "0",
    },
  });
  cleanup.defer(async () => {
    await drover.stop();
    removeDataDir(drover.dataDir);
  });
  const admin = await loginAs(drover, "admin", password);
  const cluster = await newCluster(admin, "bench");
  const connectUrl = `wss://localhost:${drover.port}/v3/connect`;
  const agent = startPeer(binary, [
    "client",
    "-url",
    connectUrl,
    "-ca",
    drover.caPath,
    "-token",
    cluster.token,
    "-listen",
    backend,
  ]);
  cleanup.defer(() => agent.stop());
  await agent.next("connected");
  const through = (rest: string): string => `/k8s/clusters/${cluster.id}${rest}`;
  await eventually("the tunnel answers", 10_000, async () =>
    (await call(admin, "GET", through("/api/small?bytes=1"))).status === 200 ? true : undefined,
  );
  // A session token lives for hours; the run must not depend on the login itself.
  const { token } = await callJson<{ token: string }>(admin, "POST", "/v3/tokens", { description: "bench" });

  const directCa = join(directory, "direct.crt");
  const direct = startPeer(binary, ["http", "-ca-out", directCa]);
  cleanup.defer(() => direct.stop());
  const directUrl = `https://${String((await direct.next("ready"))["address"])}`;

  const floorDir = newDataDir();
  const floors = await startFloors(floorDir);
  cleanup.defer(async () => {
    await floors.stop();
    removeDataDir(floorDir);
  });

  const droverPids = [drover.launcher.pid ?? 0];
  const targets: Target[] = [
    {
      name: "direct",
      url: `${directUrl}/api/small?bytes=1024`,
      ca: directCa,
      pids: [direct.process.pid ?? 0],
    },
    { name: "floor: Worker", url: `${floors.url}/worker`, ca: floors.caPath, pids: [floors.pid] },
    { name: "floor: Worker and object", url: `${floors.url}/object`, ca: floors.caPath, pids: [floors.pid] },
    {
      name: "Drover",
      url: `${drover.url}${through("/api/small?bytes=1024")}`,
      ca: drover.caPath,
      token,
      pids: droverPids,
    },
  ];
  console.log(
    "1 KB GET                   c    req/s   p50 ms   p99 ms  CPU us/req   rate of direct   rate of floor 2   CPU of floor 2",
  );
  for (const concurrency of concurrencies) {
    const rows = new Map<string, Row>();
    for (const target of targets) rows.set(target.name, await measure(target, concurrency));
    const base = rows.get("direct");
    const hop = rows.get("floor: Worker and object");
    for (const [name, row] of rows) {
      const ratio = (value: number | undefined, of: number | undefined): string =>
        value === undefined || of === undefined ? "" : (value / of).toFixed(2);
      console.log(
        [
          name.padEnd(25),
          String(concurrency).padStart(3),
          row.rate.toFixed(0).padStart(8),
          row.p50.toFixed(2).padStart(8),
          row.p99.toFixed(2).padStart(8),
          row.cpuMicros.toFixed(0).padStart(11),
          ratio(row.rate, base?.rate).padStart(16),
          ratio(row.rate, hop?.rate).padStart(17),
          ratio(row.cpuMicros, hop?.cpuMicros).padStart(16),
        ].join(" "),
      );
    }
  }

  const size = `/api/download?bytes=${downloadBytes}`;
  const straight = await download({
    name: "direct",
    url: directUrl + size,
    ca: directCa,
    pids: [direct.process.pid ?? 0],
  });
  const tunnelled = await download({
    name: "Drover",
    url: drover.url + through(size),
    ca: drover.caPath,
    token,
    pids: droverPids,
  });
  console.log(`\n${downloadBytes >> 20} MiB download            MB/s   CPU s   rate of direct`);
  console.log(
    `direct                  ${straight.rate.toFixed(0).padStart(8)} ${straight.cpu.toFixed(2).padStart(7)}             1.00`,
  );
  console.log(
    `Drover                  ${tunnelled.rate.toFixed(0).padStart(8)} ${tunnelled.cpu.toFixed(2).padStart(7)}             ${(tunnelled.rate / straight.rate).toFixed(2)}`,
  );
}

/** The floors run in a process of their own: front and workerd are its CPU time, as launcher and workerd are Drover's. */
async function startFloors(
  dataDir: string,
): Promise<{ url: string; caPath: string; pid: number; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "floor/main.ts"), dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url, caPath } = JSON.parse(line) as { url: string; caPath: string };
  return {
    url,
    caPath,
    pid: child.pid ?? 0,
    async stop() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

await main();
