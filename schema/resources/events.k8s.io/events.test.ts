import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../object.ts";
import { events } from "./events.ts";

const { view } = events;
if (view === undefined) throw new Error("no view");
const shown = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name: "e", namespace: "a" },
  eventTime: "2026-11-30T01:02:03.123456Z",
  type: "Normal",
  note: "n",
  regarding: { name: "x" },
  reportingController: "c",
  reportingInstance: "i",
  deprecatedCount: 2,
};
const stored = {
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: "e", namespace: "a" },
  eventTime: "2026-11-30T01:02:03.123456Z",
  type: "Normal",
  message: "n",
  involvedObject: { name: "x" },
  reportingComponent: "c",
  reportingInstance: "i",
  count: 2,
};
const fields = (object: object, old?: object): string[] =>
  view.validate(object as KubeObject, old as KubeObject | undefined).map(({ field }) => field);

describe("Events of events.k8s.io", () => {
  it("have other names in the rows, and the same content", () => {
    expect(view.toStored(shown)).toEqual(stored);
    expect(view.fromStored(stored)).toEqual(shown);
    expect(
      ["regarding.name", "reason", "reportingController", "metadata.name"].map(view.storedField),
    ).toEqual(["involvedObject.name", "reason", "reportingComponent", "metadata.name"]);
  });

  it("must be of the newer kind when they are made", () => {
    const { count: _, ...fine } = stored;
    expect(fields(fine)).toEqual([]);
    expect(fields(stored)).toEqual(["count"]);
    expect(fields({ ...fine, eventTime: undefined, type: "x" })).toEqual(["eventTime", "type"]);
    expect(fields({ ...fine, source: { host: "h" }, firstTimestamp: "t", lastTimestamp: null })).toEqual([
      "firstTimestamp",
      "source",
    ]);
    expect(fields({ ...fine, series: { count: 1 } })).toEqual(["series.count", "series.lastObservedTime"]);
  });

  it("keep all but their series, whatever is written as empty", () => {
    expect(fields({ ...stored, source: {}, action: "", firstTimestamp: null }, stored)).toEqual([]);
    expect(fields({ ...stored, message: "m", involvedObject: {} }, stored)).toEqual([
      "involvedObject",
      "message",
    ]);
    expect(fields({ ...stored, eventTime: "2026-11-30T02:02:03.123456+01:00" }, stored)).toEqual([]);
    expect(fields({ ...stored, eventTime: "2026-11-30T01:02:04.123456Z" }, stored)).toEqual(["eventTime"]);
    const series = { count: 2, lastObservedTime: "2026-11-30T01:02:04.000000Z" };
    expect(fields({ ...stored, series }, stored)).toEqual([]);
    expect(fields({ ...stored, series: { count: 0 } }, { ...stored, series: { count: 0 } })).toEqual([]);
  });
});
