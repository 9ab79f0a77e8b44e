/**
 * `npm run bench`: what a request through Drover costs beside the same request made directly, and beside two floors, all
 * behind TLS, in one run. Ratios count; absolute figures are this machine's. More about tunnels: `npm run bench:tunnel`.
 *
 *   npm run bench -- [--seconds 5] [--download-mib 512]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newDataDir, removeDataDir } from "../e2e/drover.ts";
import { buildPeer, startPeer } from "../peers/peers.ts";
import { startDroverTarget } from "./drover-target.ts";
import { startFloors } from "./floors.ts";
import { line, measure, transfer } from "./measure.ts";
import type { Row, Target } from "./measure.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, "download-mib": { type: "string", default: "512" } },
});
const seconds = Number(values.seconds);
const downloadBytes = Number(values["download-mib"]) << 20;

async function main(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "drover-bench-"));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));

  console.error("starting Drover, an agent (Go remotedialer v0.6.1), the direct server and the floors");
  const drover = await startDroverTarget(cleanup);
  const directCa = join(directory, "direct.crt");
  const direct = startPeer(buildPeer("v0.6.1"), ["http", "-ca-out", directCa]);
  cleanup.defer(() => direct.stop());
  const directUrl = `https://${String((await direct.next("ready"))["address"])}`;
  const straight = (path: string): Target => ({
    name: "direct",
    url: directUrl + path,
    ca: directCa,
    pids: [direct.process.pid ?? 0],
  });
  const floorDir = newDataDir();
  const floors = await startFloors(floorDir);
  cleanup.defer(async () => {
    await floors.stop();
    removeDataDir(floorDir);
  });
  const floor = (name: string, path: string): Target => ({
    name: `floor: ${name}`,
    url: floors.url + path,
    ca: floors.caPath,
    pids: [floors.pid],
  });
  const hop = "floor: Worker and object";
  const targets = [
    straight("/api/small?bytes=1024"),
    floor("Worker", "/worker"),
    floor("Worker and object", "/object"),
    drover("/api/small?bytes=1024"),
  ];
  const headings = [
    "  c",
    "   req/s",
    "p50 ms",
    "p99 ms",
    "CPU us/req",
    "rate of direct",
    "rate of floor 2",
    "CPU of floor 2",
  ];
  console.log(line("1 KB GET", headings, headings));
  for (const concurrency of [1, 16, 64]) {
    const rows = new Map<string, Row>();
    for (const target of targets) rows.set(target.name, await measure(target, concurrency, seconds));
    const ratio = (value: number, of: number | undefined): string => (value / (of ?? Number.NaN)).toFixed(2);
    for (const [name, { rate, p50, p99, cpuMicros }] of rows) {
      const cells = [
        String(concurrency),
        rate.toFixed(0),
        p50.toFixed(2),
        p99.toFixed(2),
        cpuMicros.toFixed(0),
      ];
      const ratios = [
        ratio(rate, rows.get("direct")?.rate),
        ratio(rate, rows.get(hop)?.rate),
        ratio(cpuMicros, rows.get(hop)?.cpuMicros),
      ];
      console.log(line(name, [...cells, ...ratios], headings));
    }
  }

  const path = `/api/download?bytes=${downloadBytes}`;
  const columns = ["   MB/s", "  CPU s", "rate of direct"];
  console.log(`\n${line(`${downloadBytes >> 20} MiB download`, columns, columns)}`);
  const base = await transfer(straight(path), "down", downloadBytes);
  const tunnelled = await transfer(drover(path), "down", downloadBytes);
  for (const [name, { rate, cpuSeconds }] of [
    ["direct", base],
    ["Drover", tunnelled],
  ] as const)
    console.log(line(name, [rate.toFixed(0), cpuSeconds.toFixed(2), (rate / base.rate).toFixed(2)], columns));
}

await main();
