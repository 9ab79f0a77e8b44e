/** The table of results: one block a row, one line a server, ratios to the peers that ran. Pure. */
import type { Figures, Row } from "./rows.ts";

export interface Measured {
  readonly row: Row;
  /** By server, in the order of the table. */
  readonly figures: ReadonlyMap<string, Figures>;
}

/** Ratios are to these, where they ran. */
const PEERS = ["etcd", "etcd-fsync", "kine"];

export function renderTable(measured: readonly Measured[]): string {
  const names = [...new Set(measured.flatMap(({ figures }) => [...figures.keys()]))];
  const peers = PEERS.filter((peer) => names.includes(peer));
  const head = [
    "what".padEnd(32),
    "server".padEnd(11),
    ...["per s", "p50 ms", "p99 ms", "CPU s", "CPU us each"].map((title) => title.padStart(11)),
    ...peers.map((peer) => `x ${peer}`.padStart(12)),
    ...peers.map((peer) => `CPU x ${peer}`.padStart(16)),
    "others".padStart(8),
  ].join(" ");
  const lines = measured.flatMap(({ row, figures }) =>
    [...figures].map(([name, each], index) =>
      [
        (index === 0 ? row.title : "").padEnd(32),
        name.padEnd(11),
        (each.rate === 0 ? "" : each.rate.toFixed(each.rate < 100 ? 1 : 0)).padStart(11),
        each.p50.toFixed(2).padStart(11),
        each.p99.toFixed(2).padStart(11),
        each.cpu.toFixed(2).padStart(11),
        perAnswer(each).toFixed(0).padStart(11),
        ...peers.map((peer) => better(row, each, figures.get(peer)).padStart(12)),
        ...peers.map((peer) => ratio(perAnswer(each), perAnswer(figures.get(peer))).padStart(16)),
        `${(each.others * 100).toFixed(0)}%`.padStart(8),
        ...(each.bytes === 0 ? [] : [`  ${(each.bytes / 1e6).toFixed(1)} MB`]),
        ...(each.problem === undefined ? [] : [`  !!! ${each.problem}`]),
      ].join(" "),
    ),
  );
  return [head, ...lines].join("\n");
}

function perAnswer(figures: Figures | undefined): number {
  return figures === undefined || figures.count === 0 ? 0 : (figures.cpu / figures.count) * 1e6;
}

/** Above 1 = better than the peer: more requests, or less time. */
function better({ better: by }: Row, figures: Figures, peer: Figures | undefined): string {
  if (peer === undefined) return "";
  return by === "rate" ? ratio(figures.rate, peer.rate) : ratio(peer.p50, figures.p50);
}

function ratio(value: number, of: number): string {
  return of === 0 ? "" : (value / of).toFixed(2);
}
