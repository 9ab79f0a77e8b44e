/** Each key's versions follow from one another, and writes with a precondition only from the version they named. Pure. */
import { clock, nameOf } from "./history.ts";
import type { Operation, SeenObject } from "./history.ts";
import { describe } from "./streams.ts";
import type { EventLog, LogEvent } from "./streams.ts";
import type { Horizon } from "./timeline.ts";
import type { Report } from "./violation.ts";
import type { Attribution } from "./writes.ts";

export function checkChains({ base, events }: EventLog, { writeOf }: Attribution, report: Report): void {
  const current = new Map<string, SeenObject>(base.objects.map((object) => [object.key, object]));
  const uids = new Set(base.objects.map(({ uid }) => uid));
  for (const event of events) {
    const { type, object, revision, seenAt } = event;
    const before = current.get(object.key);
    const problem = linkProblem(event, before, uids);
    if (problem !== undefined) report("broken chain", seenAt, `${describe(type, object)}: ${problem}`);
    const write = writeOf.get(revision);
    if (write !== undefined) checkPrecondition(write, event, before, report);
    uids.add(object.uid);
    if (type === "DELETED") current.delete(object.key);
    else current.set(object.key, object);
  }
}

function linkProblem(
  { type, object }: LogEvent,
  before: SeenObject | undefined,
  uids: ReadonlySet<string>,
): string | undefined {
  if (type === "ADDED") {
    if (before !== undefined) return `revision ${before.revision} was still there`;
    return uids.has(object.uid) ? `uid ${object.uid} was used before` : undefined;
  }
  if (before === undefined) return "there was no such object";
  if (before.uid !== object.uid) return `its uid is ${object.uid}, before it was ${before.uid}`;
  if (type === "DELETED" && (before.value !== object.value || before.label !== object.label)) {
    return `the last value was ${before.value} (revision ${before.revision})`;
  }
  return undefined;
}

function checkPrecondition(
  write: Operation,
  { seenAt, revision }: LogEvent,
  before: SeenObject | undefined,
  report: Report,
): void {
  const { uid, revision: named } = write.precondition;
  if (named !== undefined && named !== before?.revision) {
    report(
      "precondition ignored",
      seenAt,
      `${nameOf(write)} named revision ${named} and became ${revision}, but followed ${before?.revision ?? "nothing"}`,
    );
  }
  if (uid !== undefined && uid !== before?.uid) {
    report(
      "precondition ignored",
      seenAt,
      `${nameOf(write)} named uid ${uid} and became ${revision}, but followed ${before?.uid ?? "nothing"}`,
    );
  }
}

/** A write that was sent after a revision was known gets a later one. */
export function checkOrder(
  operations: readonly Operation[],
  { revisionOf }: Attribution,
  horizon: Horizon,
  report: Report,
): void {
  for (const write of operations) {
    const revision = revisionOf.get(write.op);
    if (revision === undefined) continue;
    const floor = horizon.floor(write.began);
    if (revision <= floor) {
      report(
        "revision went back",
        write.ended,
        `${nameOf(write)} became ${revision}, but ${floor} was known before it was sent at ${clock(write.began)}`,
      );
    }
  }
}
