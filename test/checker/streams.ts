/** What each watcher was told, in its own order: complete, once, in order of revisions, and the same for all. Pure. */
import { clock } from "./history.ts";
import type { EventType, HistoryRecord, RecordOf, SeenObject } from "./history.ts";
import type { Report } from "./violation.ts";

/** What a watcher saw between a list and the end, or the next list. */
interface Segment {
  readonly watcher: string;
  readonly from: number;
  readonly synced: RecordOf<"synced">;
  readonly events: RecordOf<"event">[];
  /** The last revision that it is known to have passed. */
  to: number;
  endedAt: number;
}

/** One event, as the first watcher that had it was told. */
export interface LogEvent {
  readonly revision: number;
  readonly type: EventType;
  readonly object: SeenObject;
  /** When the first watcher had it. */
  readonly seenAt: number;
}

/** All watchers' events together: what happened, in order. */
export interface EventLog {
  readonly events: readonly LogEvent[];
  /** The state that was there before the first event. */
  readonly base: { readonly revision: number; readonly objects: readonly SeenObject[] };
  /** Somebody watched at every revision. */
  readonly complete: boolean;
}

/**
 * Rebuilds what happened from what the watchers saw, and reports where a watcher's stream differs from it. `acknowledged`
 * is the highest revision that any client was told: each watcher must have got there.
 */
export function mergeStreams(
  records: readonly HistoryRecord[],
  acknowledged: number,
  report: Report,
): EventLog {
  const segments = segmentsOf(records, report);
  const byRevision = new Map<number, LogEvent>();
  for (const segment of segments) {
    for (const { at, event, object } of segment.events) {
      const { revision } = object;
      const known = byRevision.get(revision);
      if (known === undefined || at < known.seenAt) {
        byRevision.set(revision, { revision, type: event, object, seenAt: at });
      }
      if (known !== undefined && !sameEvent(known, event, object)) {
        report(
          "wrong object",
          at,
          `${segment.watcher} has ${describe(event, object)}, another watcher ${describe(known.type, known.object)}`,
        );
      }
    }
  }
  const events = [...byRevision.values()].toSorted((a, b) => a.revision - b.revision);
  for (const segment of segments) reportLost(segment, events, report);
  for (const [watcher, last] of lastOf(segments)) {
    if (last.to < acknowledged) {
      report(
        "stalled watcher",
        last.endedAt,
        `${watcher} ended at revision ${last.to}, although ${acknowledged} was acknowledged`,
      );
    }
  }
  const base = baseOf(segments);
  return { events, base, complete: reportUnwatched(segments, base.revision, report) };
}

/** For messages: `MODIFIED key-03 at revision 17 (value writer-2.5)`. */
export function describe(type: EventType, { key, revision, value }: SeenObject): string {
  return `${type} ${key} at revision ${revision} (value ${value})`;
}

export function sameObject(a: SeenObject, b: SeenObject): boolean {
  return (
    a.key === b.key &&
    a.uid === b.uid &&
    a.revision === b.revision &&
    a.value === b.value &&
    a.label === b.label
  );
}

function sameEvent(known: LogEvent, type: EventType, object: SeenObject): boolean {
  return known.type === type && sameObject(known.object, object);
}

function segmentsOf(records: readonly HistoryRecord[], report: Report): Segment[] {
  const all: Segment[] = [];
  const current = new Map<string, Segment>();
  for (const record of records) {
    const segment = current.get(record.process);
    switch (record.kind) {
      case "synced": {
        const { process: watcher, revision } = record;
        const fresh = {
          watcher,
          from: revision,
          synced: record,
          events: [],
          to: revision,
          endedAt: record.at,
        };
        current.set(watcher, fresh);
        all.push(fresh);
        break;
      }
      case "event":
        if (segment !== undefined) addEvent(segment, record, report);
        break;
      case "bookmark":
        if (segment === undefined) break;
        if (record.revision < segment.to) {
          report(
            "reordered event",
            record.at,
            `${segment.watcher} has a bookmark at ${record.revision} after revision ${segment.to}`,
          );
        }
        segment.to = Math.max(segment.to, record.revision);
        break;
      case "stopped":
        if (segment !== undefined) segment.endedAt = record.at;
        else report("stalled watcher", record.at, `${record.process} never had a list`);
        break;
      default:
    }
  }
  return all;
}

function addEvent(segment: Segment, record: RecordOf<"event">, report: Report): void {
  const { at, event, object } = record;
  const last = segment.events.at(-1)?.object.revision ?? segment.from;
  if (object.revision <= segment.to) {
    const again = segment.events.some((each) => each.object.revision === object.revision);
    const place = `${segment.watcher} has ${describe(event, object)} at ${clock(at)}`;
    if (again) report("doubled event", at, `${place}, not for the first time`);
    else if (object.revision <= segment.from)
      report("doubled event", at, `${place}, although its list was at ${segment.from}`);
    else if (object.revision > last)
      report("reordered event", at, `${place}, after a bookmark at ${segment.to}`);
    else report("reordered event", at, `${place}, after revision ${last}`);
    if (again) return;
  }
  segment.events.push(record);
  segment.to = Math.max(segment.to, object.revision);
}

function reportLost(segment: Segment, events: readonly LogEvent[], report: Report): void {
  const seen = new Set(segment.events.map(({ object }) => object.revision));
  for (const { revision, type, object } of events) {
    if (revision <= segment.from || revision > segment.to || seen.has(revision)) continue;
    report(
      "lost event",
      segment.endedAt,
      `${segment.watcher} never had ${describe(type, object)}; it followed from ${segment.from} to ${segment.to}`,
    );
  }
}

function lastOf(segments: readonly Segment[]): Map<string, Segment> {
  return new Map(segments.map((segment) => [segment.watcher, segment]));
}

function baseOf(segments: readonly Segment[]): EventLog["base"] {
  const [first, ...rest] = segments;
  if (first === undefined) return { revision: 0, objects: [] };
  const earliest = rest.reduce((low, each) => (each.from < low.from ? each : low), first);
  return { revision: earliest.from, objects: earliest.synced.objects };
}

/** Every revision after the base must have been followed by somebody, or the log of events may have holes. */
function reportUnwatched(segments: readonly Segment[], base: number, report: Report): boolean {
  let reached = base;
  let complete = true;
  for (const { from, to, synced } of segments.toSorted((a, b) => a.from - b.from)) {
    if (from > reached) {
      report("unwatched", synced.at, `no watcher followed the revisions from ${reached} to ${from}`);
      complete = false;
    }
    reached = Math.max(reached, to);
  }
  return complete;
}
