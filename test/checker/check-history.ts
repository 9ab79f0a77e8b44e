/** Checks a history of many clients against one store: the rules are in violation.ts. Pure: records in, violations out. */
import { operationsOf } from "./history.ts";
import type { HistoryRecord, Operation } from "./history.ts";
import { checkChains, checkOrder } from "./chains.ts";
import { checkReads } from "./reads.ts";
import { mergeStreams } from "./streams.ts";
import type { EventLog } from "./streams.ts";
import { Horizon, Timeline } from "./timeline.ts";
import { attributeWrites } from "./writes.ts";
import type { Attribution } from "./writes.ts";
import type { Report, Violation } from "./violation.ts";

export interface HistoryCheck {
  /** In the order of their times; empty when all is well. */
  readonly violations: readonly Violation[];
  /** How much was checked: a history in which nothing happened proves nothing. */
  readonly checked: {
    readonly acknowledged: number;
    readonly refused: number;
    readonly unknown: number;
    /** Unknown writes that turned out to have succeeded. */
    readonly landed: number;
    readonly reads: number;
    readonly events: number;
    readonly watchers: number;
    /** How often a watcher went on after its watch had broken off or ended. */
    readonly resumed: number;
  };
}

const NOTHING: Attribution = { writeOf: new Map(), revisionOf: new Map() };

/**
 * The store must behave as one copy that changes at one moment between each request and its answer, and its watchers
 * must be told exactly what happened. What happened is taken from all watchers' events together, so a history needs
 * watchers from before the first write until after the last.
 */
export function checkHistory(records: readonly HistoryRecord[]): HistoryCheck {
  const violations: Violation[] = [];
  const report: Report = (rule, at, message) => violations.push({ rule, at, message });
  const operations = operationsOf(records);
  const log = mergeStreams(records, highestAcknowledged(operations), report);
  // With a hole in the log, every rule below would report what only may have happened there.
  const attribution = log.complete ? attributeWrites(operations, log, report) : NOTHING;
  if (log.complete) {
    const timeline = new Timeline(log);
    const horizon = new Horizon(
      known(operations, records, log, attribution),
      log.events,
      attribution.writeOf,
    );
    checkChains(log, attribution, report);
    checkOrder(operations, attribution, horizon, report);
    checkReads(operations, records, { timeline, horizon, report });
  }
  return {
    violations: violations.toSorted((a, b) => a.at - b.at),
    checked: countChecked(operations, records, log, attribution),
  };
}

function highestAcknowledged(operations: readonly Operation[]): number {
  return operations.reduce(
    (highest, { call, outcome }) =>
      outcome.kind === "ok" && (call === "create" || call === "update")
        ? Math.max(highest, outcome.revision ?? 0)
        : highest,
    0,
  );
}

/** Every moment at which somebody learned that the store is at a revision: by an answer, a read or an event. */
function known(
  operations: readonly Operation[],
  records: readonly HistoryRecord[],
  { events }: EventLog,
  { revisionOf }: Attribution,
): { at: number; revision: number }[] {
  const moments = events.map(({ seenAt, revision }) => ({ at: seenAt, revision }));
  for (const { op, ended, outcome } of operations) {
    if (outcome.kind !== "ok") continue;
    const revision = outcome.object?.revision ?? outcome.revision ?? revisionOf.get(op);
    if (revision !== undefined) moments.push({ at: ended, revision });
  }
  for (const record of records) {
    if (record.kind === "synced" || record.kind === "bookmark") {
      moments.push({ at: record.at, revision: record.revision });
    }
  }
  return moments;
}

function countChecked(
  operations: readonly Operation[],
  records: readonly HistoryRecord[],
  log: EventLog,
  { revisionOf }: Attribution,
): HistoryCheck["checked"] {
  const writes = operations.filter(({ call }) => call !== "get" && call !== "list");
  const ended = (kind: string): number => writes.filter(({ outcome }) => outcome.kind === kind).length;
  return {
    acknowledged: ended("ok"),
    refused: ended("fail"),
    unknown: ended("unknown"),
    landed: writes.filter(({ op, outcome }) => outcome.kind === "unknown" && revisionOf.has(op)).length,
    reads: operations.filter(
      ({ call, outcome }) => outcome.kind === "ok" && (call === "get" || call === "list"),
    ).length,
    events: log.events.length,
    watchers: new Set(records.filter(({ kind }) => kind === "synced").map(({ process }) => process)).size,
    resumed: records.filter(({ kind }) => kind === "disconnect").length,
  };
}
