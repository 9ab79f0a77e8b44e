/**
 * `npm run bench:tunnel`: Drover's tunnel beside a Go remotedialer pair, with and without TLS, a bare sketch (Worker, object,
 * one WebSocket) and no tunnel at all, in one run: small requests, bodies both ways, parallel watches, and echoes as of a
 * shell. Everything is on raw workerd and this machine; ratios count. CPU is the server's, not the agent's or the client's.
 *
 *   npm run bench:tunnel -- [--seconds 5] [--mib 512]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newDataDir, removeDataDir } from "../../e2e/drover.ts";
import { buildPeer, startPeer } from "../../peers/peers.ts";
import { startDroverTarget } from "../drover-target.ts";
import { startFloors } from "../floors.ts";
import { line, measure, transfer } from "../measure.ts";
import type { Kind, Row, Target, Transfer } from "../measure.ts";
import { judge, names } from "./goals.ts";
import { startGoPair } from "./go-pair.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, mib: { type: "string", default: "512" } },
});
const seconds = Number(values.seconds);
const bytes = Number(values.mib) * 2 ** 20;

/** A path of the backend to where it is measured; `undefined`: it has no such thing. */
type Lane = (path: string) => Target | undefined;

async function startDirect(cleanup: AsyncDisposableStack, name: string, caPath?: string): Promise<Lane> {
  const peer = startPeer(buildPeer("v0.6.1"), [
    "http",
    ...(caPath === undefined ? ["-plain"] : ["-ca-out", caPath]),
  ]);
  cleanup.defer(() => peer.stop());
  const address = String((await peer.next("ready"))["address"]);
  return (path) => ({
    name,
    url: `${caPath === undefined ? "http" : "https"}://${address}${path}`,
    ...(caPath === undefined ? {} : { ca: caPath }),
    pids: [peer.process.pid ?? 0],
  });
}

/** The sketch has no back pressure, and so no large bodies. */
async function startSketch(cleanup: AsyncDisposableStack): Promise<Lane> {
  const dataDir = newDataDir();
  const floors = await startFloors(dataDir);
  cleanup.defer(async () => {
    await floors.stop();
    removeDataDir(dataDir);
  });
  const agent = startPeer(buildPeer("v0.6.1"), [
    "echo",
    "-url",
    `${floors.url.replace("http", "ws")}/sketch/connect`,
    "-ca",
    floors.caPath,
  ]);
  cleanup.defer(() => agent.stop());
  await agent.next("connected");
  const paths: Record<string, string> = {
    "/api/small?bytes=1024": "/sketch/small",
    "/api/stamps": "/sketch/stamps",
    "/api/ws": "/sketch/ws",
  };
  return (path) => {
    const own = paths[path];
    return own === undefined
      ? undefined
      : { name: names.sketch, url: floors.url + own, ca: floors.caPath, pids: [floors.pid] };
  };
}

const ratio = (value: number | undefined, of: number | undefined): string =>
  value === undefined || of === undefined ? "" : (value / of).toFixed(2);

async function main(): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "drover-bench-"));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  console.error("starting Drover, two Go pairs, the sketch and the direct servers");
  const lanes: Lane[] = [
    await startDirect(cleanup, names.directPlain),
    await startDirect(cleanup, names.direct, join(directory, "direct.crt")),
    await startGoPair(cleanup, names.pair),
    await startGoPair(cleanup, names.pairTls, join(directory, "pair.crt")),
    await startSketch(cleanup),
    await startDroverTarget(cleanup),
  ];
  const to = (path: string): Target[] => lanes.flatMap((lane) => lane(path) ?? []);

  console.log(
    `${cpus().length} CPUs, ${seconds} s a row; CPU us: of the server, for each request, event or echo`,
  );
  const headings = [
    "  c",
    "     /s",
    "  p50 ms",
    "  p99 ms",
    "CPU us",
    "/s of direct",
    "of Go pair + TLS",
    "of sketch",
    "p99 of sketch",
    "CPU of sketch",
  ];
  const table = async (title: string, path: string, kind: Kind, concurrencies: readonly number[]) => {
    console.log(`\n${line(title, headings, headings)}`);
    const all = new Map<number, Map<string, Row>>();
    for (const connections of concurrencies) {
      const rows = new Map<string, Row>();
      all.set(connections, rows);
      for (const target of to(path)) rows.set(target.name, await measure(target, connections, seconds, kind));
      const sketch = rows.get(names.sketch);
      for (const [name, row] of rows) {
        const cells = [
          String(connections),
          row.rate.toFixed(0),
          row.p50.toFixed(2),
          row.p99.toFixed(2),
          row.cpuMicros.toFixed(0),
          ratio(row.rate, rows.get(names.direct)?.rate),
          ratio(row.rate, rows.get(names.pairTls)?.rate),
          ratio(row.rate, sketch?.rate),
          ratio(row.p99, sketch?.p99),
          ratio(row.cpuMicros, sketch?.cpuMicros),
        ];
        console.log(line(name, cells, headings));
      }
    }
    return all;
  };

  const gets = await table("1 KB GET", "/api/small?bytes=1024", "get", [1, 16, 64]);
  const columns = ["   MB/s", "  CPU s", "of direct", "of Go pair + TLS"];
  const transfers: Record<string, Map<string, Transfer>> = {};
  for (const [direction, path] of [
    ["down", `/api/download?bytes=${bytes}`],
    ["up", "/api/upload"],
  ] as const) {
    console.log(`\n${line(`${bytes / 2 ** 20} MiB ${direction}`, columns, columns)}`);
    const rows = new Map<string, Transfer>();
    transfers[direction] = rows;
    for (const target of to(path)) rows.set(target.name, await transfer(target, direction, bytes));
    for (const [name, { rate, cpuSeconds }] of rows) {
      const cells = [
        rate.toFixed(0),
        cpuSeconds.toFixed(2),
        ratio(rate, rows.get(names.direct)?.rate),
        ratio(rate, rows.get(names.pairTls)?.rate),
      ];
      console.log(line(name, cells, columns));
    }
  }
  await table("watch, 100 events/s each", "/api/stamps", "watch", [1, 4, 16, 64]);
  await table("echo as of exec", "/api/ws", "ws", [1, 16]);

  console.log('\ngoals of issue 5 ("of the Go pair" is that behind TLS)');
  for (const { what, wanted, got, met } of judge(gets, transfers))
    console.log(`${met ? "met   " : "MISSED"} ${what.padEnd(40)} ${wanted.padStart(8)} ${got.padStart(8)}`);
}

await main();
