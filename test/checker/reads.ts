/** Reads and refusals show a state that the store had between the request and the answer. Pure. */
import { clock, nameOf } from "./history.ts";
import type { HistoryRecord, Operation, RecordOf, SeenObject } from "./history.ts";
import { sameObject } from "./streams.ts";
import type { Horizon, Timeline, Version } from "./timeline.ts";
import type { Report } from "./violation.ts";

interface Knowledge {
  readonly timeline: Timeline;
  readonly horizon: Horizon;
  readonly report: Report;
}

export function checkReads(
  operations: readonly Operation[],
  records: readonly HistoryRecord[],
  knowledge: Knowledge,
): void {
  for (const operation of operations) {
    const { outcome, call } = operation;
    if (outcome.kind === "ok" && call === "get") checkGet(operation, outcome.object, knowledge);
    if (outcome.kind === "ok" && call === "list") {
      const { revision = -1, objects = [] } = outcome;
      checkList(nameOf(operation), operation.began, operation.ended, { revision, objects }, knowledge);
    }
    if (outcome.kind === "fail") checkRefusal(operation, outcome, knowledge);
  }
  for (const record of records) {
    if (record.kind !== "synced") continue;
    checkList(`the ${record.how} of ${record.process}`, record.began, record.at, record, knowledge);
  }
}

function checkGet(get: Operation, found: SeenObject | undefined, knowledge: Knowledge): void {
  const { timeline, report } = knowledge;
  if (found !== undefined) {
    const { object } = timeline.at(get.key, found.revision);
    if (object === undefined || !sameObject(object, found)) {
      report(
        "phantom read",
        get.ended,
        `${nameOf(get)} shows ${show(found)}, but at revision ${found.revision} there was ${show(object)}`,
      );
      return;
    }
  }
  expectSeen(get, `shows ${show(found)}`, ({ object }) => object?.revision === found?.revision, knowledge);
}

/** What a refusal says about the key must have been so. An unconditional write may be refused for a conflict. */
function checkRefusal(write: Operation, { reason }: RecordOf<"fail">, knowledge: Knowledge): void {
  const named = write.precondition.revision;
  if (write.call === "create" && reason === "AlreadyExists") {
    expectSeen(write, "was refused as AlreadyExists", ({ object }) => object !== undefined, knowledge);
  } else if (reason === "NotFound") {
    expectSeen(write, "was refused as NotFound", ({ object }) => object === undefined, knowledge);
  } else if (reason === "Conflict" && named !== undefined) {
    expectSeen(
      write,
      "was refused as Conflict",
      ({ object }) => object === undefined || object.revision !== named,
      knowledge,
    );
  }
}

/** Reports unless one of the versions that the key had between the request and the answer is as seen. */
function expectSeen(
  { key, began, ended, ...operation }: Operation,
  said: string,
  fits: (version: Version) => boolean,
  { timeline, horizon, report }: Knowledge,
): void {
  const floor = horizon.floor(began);
  const ceiling = Math.max(floor, horizon.ceiling(ended));
  const possible = timeline.within(key, floor, ceiling);
  if (possible.some(fits)) return;
  report(
    "stale read",
    ended,
    `${nameOf({ key, began, ended, ...operation })} ${said}, but from ${clock(began)} (revision ${floor}) ` +
      `to ${clock(ended)} (at most ${ceiling}) there was ${possible.map(({ object }) => show(object)).join(", then ")}`,
  );
}

function checkList(
  what: string,
  began: number,
  ended: number,
  list: { readonly revision: number; readonly objects: readonly SeenObject[] },
  { timeline, horizon, report }: Knowledge,
): void {
  const floor = horizon.floor(began);
  if (list.revision < floor) {
    report(
      "stale read",
      ended,
      `${what} is at revision ${list.revision}, but ${floor} was known before it was sent at ${clock(began)}`,
    );
  }
  const wrong = differences(list.objects, timeline.stateAt(list.revision));
  if (wrong.length > 0) {
    report("wrong list", ended, `${what} at revision ${list.revision}: ${wrong.join("; ")}`);
  }
}

function differences(objects: readonly SeenObject[], state: ReadonlyMap<string, SeenObject>): string[] {
  const wrong: string[] = [];
  const left = new Map(state);
  for (const object of objects) {
    const expected = left.get(object.key);
    left.delete(object.key);
    if (expected === undefined) wrong.push(`has ${object.key} as ${show(object)}, which is not there`);
    else if (!sameObject(expected, object)) {
      wrong.push(`has ${object.key} as ${show(object)}, where it is ${show(expected)}`);
    }
  }
  for (const [key, object] of left) wrong.push(`lacks ${key}, which is ${show(object)}`);
  return wrong;
}

function show(object: SeenObject | undefined): string {
  return object === undefined
    ? "nothing"
    : `${object.value} (revision ${object.revision}, uid ${object.uid})`;
}
