/** For tests: one good history, ways to spoil it, and what the checker says to that. */
import { checkHistory } from "./check-history.ts";
import { operationsOf } from "./history.ts";
import type { EventType, HistoryRecord, Operation, RecordOf, SeenObject } from "./history.ts";
import { simulateHistory } from "./simulated-history.ts";
import type { Rule } from "./violation.ts";

export type Event = RecordOf<"event">;

export const good = simulateHistory(7);
export const operations = operationsOf(good);

/** What the checker says about a history: rule and message. */
export function findings(records: readonly HistoryRecord[]): { rule: Rule; message: string }[] {
  return checkHistory(records).violations.map(({ rule, message }) => ({ rule, message }));
}

export function rulesOf(records: readonly HistoryRecord[]): Rule[] {
  return [...new Set(findings(records).map(({ rule }) => rule))].toSorted();
}

/** The good history with some records replaced; `undefined` drops one, several insert. */
export function changed(
  change: (record: HistoryRecord) => HistoryRecord | readonly HistoryRecord[] | undefined,
): HistoryRecord[] {
  return good.flatMap((record) => {
    const result = change(record);
    return result === undefined ? [] : result;
  });
}

export function eventsOf(watcher: string): Event[] {
  return good.filter((record): record is Event => record.kind === "event" && record.process === watcher);
}

/** The `number`-th event of a type at watcher-1, from the middle of the history on. */
export function someEvent(type: EventType, number = 0): Event {
  const events = eventsOf("watcher-1");
  const found = events.slice(events.length / 3).filter(({ event }) => event === type)[number];
  if (found === undefined) throw new Error(`no ${type} event`);
  return found;
}

export function firstOperation(fits: (operation: Operation) => boolean): Operation {
  const found = operations.find(fits);
  if (found === undefined) throw new Error("no such operation");
  return found;
}

export function revisionOf({ outcome }: Operation): number {
  return outcome.kind === "ok" ? (outcome.revision ?? 0) : 0;
}

/** The version of an object before the one that an event made. */
export function versionBefore({ object }: Event): SeenObject {
  const earlier = eventsOf("watcher-1").filter(
    (each) => each.object.key === object.key && each.object.revision < object.revision,
  );
  const last = earlier.at(-1);
  if (last === undefined) throw new Error("no earlier version");
  return last.object;
}

export const acknowledgedUpdate = (number = 20): Operation => {
  const found = operations.filter(({ call, outcome }) => call === "update" && outcome.kind === "ok")[number];
  if (found === undefined) throw new Error("no update");
  return found;
};

/** The objects at a revision, by watcher-1's events. */
export function stateAt(revision: number): SeenObject[] {
  const state = new Map<string, SeenObject>();
  for (const { event, object } of eventsOf("watcher-1")) {
    if (object.revision > revision) break;
    if (event === "DELETED") state.delete(object.key);
    else state.set(object.key, object);
  }
  return [...state.values()];
}
