/** Which write made which event: acknowledged ones exactly one, unknown ones at most one, refused ones none. Pure. */
import { clock, isWrite, nameOf } from "./history.ts";
import type { Operation } from "./history.ts";
import { describe } from "./streams.ts";
import type { EventLog, LogEvent } from "./streams.ts";
import { Timeline } from "./timeline.ts";
import type { Report } from "./violation.ts";

export interface Attribution {
  /** By revision. */
  readonly writeOf: ReadonlyMap<number, Operation>;
  /** By number of the operation. */
  readonly revisionOf: ReadonlyMap<number, number>;
}

interface Pairs {
  readonly writeOf: Map<number, Operation>;
  readonly revisionOf: Map<number, number>;
}

/** Pairs writes with events, and reports what is left over on either side. */
export function attributeWrites(
  operations: readonly Operation[],
  log: EventLog,
  report: Report,
): Attribution {
  const writes = operations.filter(isWrite);
  const pairs: Pairs = { writeOf: new Map(), revisionOf: new Map() };
  attributeValues(
    writes.filter(({ call }) => call !== "delete"),
    log,
    pairs,
    report,
  );
  attributeDeletes(
    writes.filter(({ call }) => call === "delete"),
    log,
    pairs,
    report,
  );
  for (const write of writes) {
    if (write.outcome.kind === "ok" && !pairs.revisionOf.has(write.op)) reportLost(write, report);
  }
  for (const { revision, type, object, seenAt } of log.events) {
    const write = pairs.writeOf.get(revision);
    if (write !== undefined && seenAt < write.began) {
      report(
        "seen before it was written",
        seenAt,
        `${describe(type, object)} was seen at ${clock(seenAt)}, before ${nameOf(write)} was sent at ${clock(write.began)}`,
      );
    }
  }
  return pairs;
}

function reportLost(write: Operation, report: Report): void {
  if (write.outcome.kind !== "ok") return;
  const { revision, uid = "" } = write.outcome;
  const what = write.call === "delete" ? `of uid ${uid}` : `as revision ${revision}`;
  report(
    "lost write",
    write.ended,
    `${nameOf(write)} was acknowledged ${what} at ${clock(write.ended)}, and no watcher has its event`,
  );
}

/** Creates and updates: their values are unique. */
function attributeValues(
  writes: readonly Operation[],
  { events }: EventLog,
  pairs: Pairs,
  report: Report,
): void {
  const byValue = new Map(writes.map((write) => [write.value, write]));
  for (const event of events) {
    if (event.type === "DELETED") continue;
    const { revision, type, object, seenAt } = event;
    const write = byValue.get(object.value);
    if (write === undefined) {
      report("unexplained event", seenAt, `${describe(type, object)}: nobody wrote that value`);
      continue;
    }
    const { outcome } = write;
    if (outcome.kind === "fail") {
      report(
        "failed write took effect",
        seenAt,
        `${nameOf(write)} was refused (${outcome.reason}) at ${clock(write.ended)}, but there is ${describe(type, object)}`,
      );
    }
    const other = outcome.kind === "ok" ? outcome.revision : pairs.revisionOf.get(write.op);
    if (other !== undefined && other !== revision) {
      report(
        "doubled write",
        seenAt,
        `${nameOf(write)} is there as revision ${other} and as ${describe(type, object)}`,
      );
      continue;
    }
    pairs.writeOf.set(revision, write);
    pairs.revisionOf.set(write.op, revision);
    checkContent(event, write, report);
  }
}

function checkContent({ type, object, seenAt }: LogEvent, write: Operation, report: Report): void {
  const expected = write.call === "create" ? "ADDED" : "MODIFIED";
  const uid = write.outcome.kind === "ok" ? write.outcome.uid : undefined;
  const problems = [
    ...(type === expected ? [] : [`it should be ${expected}`]),
    ...(object.key === write.key ? [] : [`it was written to ${write.key}`]),
    ...(object.label === object.value ? [] : [`its label says ${object.label}`]),
    ...(uid === undefined || uid === object.uid
      ? []
      : [`its uid is ${object.uid}, and ${uid} was acknowledged`]),
  ];
  if (problems.length > 0) {
    report("wrong object", seenAt, `${describe(type, object)} of ${nameOf(write)}: ${problems.join(", ")}`);
  }
}

/** Deletes: an acknowledged one names the uid; for what is left, unknown ones are tried, each used once. */
function attributeDeletes(deletes: readonly Operation[], log: EventLog, pairs: Pairs, report: Report): void {
  const acknowledged = new Map<string, Operation>();
  for (const write of deletes) {
    if (write.outcome.kind !== "ok") continue;
    const { uid = "" } = write.outcome;
    const other = acknowledged.get(uid);
    if (other !== undefined) {
      report(
        "doubled write",
        write.ended,
        `${nameOf(write)} and ${nameOf(other)} both deleted the object of uid ${uid}`,
      );
    }
    acknowledged.set(uid, write);
  }
  const open: LogEvent[] = [];
  const deleted = new Map<string, LogEvent>();
  for (const event of log.events) {
    if (event.type !== "DELETED") continue;
    const { revision, object, seenAt } = event;
    const before = deleted.get(object.uid);
    if (before !== undefined) {
      report(
        "doubled write",
        seenAt,
        `${describe("DELETED", object)}, although uid ${object.uid} was deleted at ${before.revision}`,
      );
      continue;
    }
    deleted.set(object.uid, event);
    const write = acknowledged.get(object.uid);
    if (write === undefined) {
      open.push(event);
      continue;
    }
    pairs.writeOf.set(revision, write);
    pairs.revisionOf.set(write.op, revision);
    if (write.key !== object.key) {
      report("wrong object", seenAt, `${describe("DELETED", object)}, but ${nameOf(write)} deleted that uid`);
    }
  }
  matchUnknown(
    open,
    deletes.filter(({ outcome }) => outcome.kind === "unknown"),
    new Timeline(log),
    pairs,
    report,
  );
}

/** A maximum matching by augmenting paths (Kuhn): whether the events can be explained at all, not by whom for certain. */
function matchUnknown(
  events: readonly LogEvent[],
  writes: readonly Operation[],
  timeline: Timeline,
  pairs: Pairs,
  report: Report,
): void {
  const explains = (write: Operation, { revision, object, seenAt }: LogEvent): boolean => {
    const { uid, revision: version } = write.precondition;
    return (
      write.key === object.key &&
      write.began < seenAt &&
      (uid === undefined || uid === object.uid) &&
      (version === undefined || version === timeline.at(object.key, revision - 1).revision)
    );
  };
  const eventOf = new Map<Operation, LogEvent>();
  const assign = (event: LogEvent, tried: Set<Operation>): boolean => {
    for (const write of writes) {
      if (tried.has(write) || !explains(write, event)) continue;
      tried.add(write);
      const holder = eventOf.get(write);
      if (holder === undefined || assign(holder, tried)) {
        eventOf.set(write, event);
        return true;
      }
    }
    return false;
  };
  for (const event of events) {
    if (assign(event, new Set())) continue;
    report(
      "unexplained event",
      event.seenAt,
      `${describe("DELETED", event.object)}: no delete that may have succeeded explains it`,
    );
  }
  for (const [write, { revision }] of eventOf) {
    pairs.writeOf.set(revision, write);
    pairs.revisionOf.set(write.op, revision);
  }
}
