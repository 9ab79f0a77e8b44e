import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../schema/object.ts";
import { namespaces } from "../../../../schema/resources/core/namespaces.ts";
import { secrets } from "../../../../schema/resources/core/secrets.ts";
import { ApiError } from "../../errors.ts";
import { includeObjectOf, tableOf } from "./table.ts";
import type { PrinterColumn } from "../../../../schema/resource.ts";
import type { Table, TableType } from "./table.ts";

const now = new Date("2026-11-25T19:16:30Z");
const none = { includeObject: "None", now } as const;

function object(members: object, metadata: object = {}): KubeObject {
  return {
    apiVersion: "demo.example.com/v1",
    kind: "Widget",
    metadata: { name: "full", creationTimestamp: "2026-11-25T19:14:24Z", resourceVersion: "7", ...metadata },
    ...members,
  };
}

function widgets(printerColumns?: readonly PrinterColumn[]): TableType {
  return {
    group: "demo.example.com",
    plural: "widgets",
    ...(printerColumns === undefined ? {} : { printerColumns }),
  };
}

function cells(table: Table): readonly unknown[] {
  const [row] = table.rows;
  if (row === undefined) throw new Error("no row");
  return row.cells;
}

describe("columns of declared types", () => {
  const full = object(
    {
      spec: {
        text: "hello",
        list: ["x", "y", "z"],
        map: { b: 2, a: { deep: "down" } },
        bool: true,
        int: 7,
        float: 2.75,
        big: 12345678,
        nul: null,
        html: "<a>&",
        htmlmap: { k: "<a>&" },
        empty: "",
        flt1: 1.5e21,
        flt2: 0.00001,
        flt3: 123456789.5,
        flt4: 123456.5,
      },
      status: {
        conditions: [
          { type: "Other", status: "False", n: 1 },
          { type: "Ready", status: "True", n: 2 },
        ],
      },
    },
    { labels: { "a.b/c": "labelled" } },
  );

  // What kube-apiserver 1.36.3 printed for this object of a CustomResourceDefinition with these columns.
  it.each<[PrinterColumn["type"], string, unknown]>([
    ["string", ".spec.text", "hello"],
    ["string", ".metadata.labels['a\\.b/c']", "labelled"],
    ["string", ".spec.list[0]", "x"],
    ["string", ".spec.list[-1]", "z"],
    ["string", ".spec.list[*]", "x"],
    ["string", ".spec.list[1:3]", "y"],
    ["string", '.status.conditions[?(@.type=="Ready")].status', "True"],
    ["string", '.status.conditions[?(@.type!="Ready")].status', "False"],
    ["string", ".status.conditions[?(@.n>1)].type", "Ready"],
    ["string", ".status.conditions[?(@.x)].type", null],
    ["string", ".spec.map", '{"a":{"deep":"down"},"b":2}'],
    ["string", ".spec.list", '["x","y","z"]'],
    ["boolean", ".spec.bool", true],
    ["string", ".spec.bool", "true"],
    ["integer", ".spec.int", 7],
    ["integer", ".spec.float", 2],
    ["number", ".spec.float", 2.75],
    ["string", ".spec.float", "2.75"],
    ["string", ".spec.big", "12345678"],
    ["integer", ".spec.text", null],
    ["number", ".spec.text", null],
    ["boolean", ".spec.text", null],
    ["string", ".spec.nul", "<no value>"],
    ["integer", ".spec.nul", null],
    ["date", ".spec.text", "<invalid>"],
    ["date", ".spec.nothing", null],
    ["date", ".spec.int", null],
    ["date", ".spec.empty", "<unknown>"],
    ["string", "..deep", "down"],
    ["string", ".spec['text','bool']", "hello"],
    ["string", ".spec.text.foo", null],
    ["string", ".spec.map[0]", null],
    ["string", ".spec.nothing", null],
    ["string", ".spec.html", "<a>&"],
    ["string", ".spec.htmlmap", '{"k":"\\u003ca\\u003e\\u0026"}'],
    ["string", ".spec.flt1", "1.5e+21"],
    ["string", ".spec.flt2", "1e-05"],
    ["string", ".spec.flt3", "1.234567895e+08"],
    ["string", ".spec.flt4", "123456.5"],
    ["date", ".metadata.creationTimestamp", "2m6s"],
  ])("a %s column of %s prints %j", (type, jsonPath, expected) => {
    const table = tableOf(widgets([{ name: "Column", type, jsonPath }]), [full], none);
    expect(cells(table)).toEqual(["full", expected]);
  });

  it("are Name and Age where a type declares none", () => {
    const table = tableOf(widgets(), [full], none);
    expect(table.columnDefinitions?.map(({ name, type, format }) => ({ name, type, format }))).toEqual([
      { name: "Name", type: "string", format: "name" },
      { name: "Age", type: "date", format: "" },
    ]);
    expect(cells(table)).toEqual(["full", "2m6s"]);
    expect(tableOf(widgets([]), [full], none)).toEqual(table);
  });

  it("are Name and what a type declares, without an Age that it does not declare", () => {
    const wide = { name: "Wide", type: "string", jsonPath: ".spec.text", priority: 1 } as const;
    const secret = {
      name: "P",
      type: "string",
      jsonPath: ".spec.int",
      format: "password",
      description: "A word.",
    } as const;
    const { columnDefinitions } = tableOf(widgets([wide, secret]), [full], none);
    expect(columnDefinitions?.map(({ name, format, priority }) => ({ name, format, priority }))).toEqual([
      { name: "Name", format: "name", priority: 0 },
      { name: "Wide", format: "", priority: 1 },
      { name: "P", format: "password", priority: 0 },
    ]);
    expect(columnDefinitions?.[1]?.description).toContain(".spec.text");
    expect(columnDefinitions?.[2]?.description).toBe("A word.");
  });

  it("end before one whose path cannot be read", () => {
    const columns = ["a", "]", "b"].map((key): PrinterColumn => ({
      name: key,
      type: "string",
      jsonPath: `.${key}`,
    }));
    const { columnDefinitions } = tableOf(widgets(columns), [full], none);
    expect(columnDefinitions?.map(({ name }) => name)).toEqual(["Name", "a"]);
  });
});

describe("columns of Kubernetes' own types", () => {
  const core = (plural: string): TableType => ({ group: "", plural });

  it("of a ConfigMap count text and binary entries", () => {
    const table = tableOf(
      core("configmaps"),
      [object({ data: { a: "1", b: "2" }, binaryData: { c: "AA==" } })],
      none,
    );
    expect(table.columnDefinitions?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "Name string",
      "Data string",
      "Age string",
    ]);
    expect(cells(table)).toEqual(["full", 3, "2m6s"]);
    expect(cells(tableOf(core("configmaps"), [object({})], none))).toEqual(["full", 0, "2m6s"]);
  });

  it("of a Secret show its type and how much it holds, but nothing of it", () => {
    const table = tableOf(secrets, [object({ type: "Opaque", data: { password: "aHVudGVyMg==" } })], none);
    expect(cells(table)).toEqual(["full", "Opaque", 1, "2m6s"]);
    expect(JSON.stringify(table)).not.toContain("aHVudGVyMg==");
  });

  it("of a Namespace show its phase and its age, whatever its declaration prints", () => {
    expect(cells(tableOf(namespaces, [object({ status: { phase: "Active" } })], none))).toEqual([
      "full",
      "Active",
      "2m6s",
    ]);
  });

  it("of a ServiceAccount are its name and age", () => {
    expect(cells(tableOf(core("serviceaccounts"), [object({ secrets: [{ name: "s" }] })], none))).toEqual([
      "full",
      "2m6s",
    ]);
  });

  it("of a Lease show its holder", () => {
    const leases = { group: "coordination.k8s.io", plural: "leases" };
    expect(cells(tableOf(leases, [object({ spec: { holderIdentity: "node-0" } })], none))).toEqual([
      "full",
      "node-0",
      "2m6s",
    ]);
    expect(cells(tableOf(leases, [object({ spec: {} })], none))).toEqual(["full", "", "2m6s"]);
  });

  const event = {
    involvedObject: { kind: "Node", name: "node-0", fieldPath: "spec.x" },
    reason: "RegisteredNode",
    type: "Normal",
    message: " Node node-0 event: Registered ",
    source: { component: "node-controller", host: "h" },
    firstTimestamp: "2026-11-25T19:14:24Z",
    lastTimestamp: "2026-11-25T19:15:30Z",
    count: 3,
  };
  const printed = [
    "60s",
    "Normal",
    "RegisteredNode",
    "node/node-0",
    "spec.x",
    "node-controller, h",
    "Node node-0 event: Registered",
    "2m6s",
    3,
    "full",
  ];

  it("of an Event begin with when it was seen last; the name is among the wide ones", () => {
    const table = tableOf(core("events"), [object(event)], none);
    expect(cells(table)).toEqual(printed);
    expect(table.columnDefinitions?.map(({ name, priority }) => `${name} ${priority}`)).toEqual([
      "Last Seen 0",
      "Type 0",
      "Reason 0",
      "Object 0",
      "Subobject 1",
      "Source 1",
      "Message 0",
      "First Seen 1",
      "Count 1",
      "Name 1",
    ]);
  });

  it("of an Event are the same in events.k8s.io, under its field names", () => {
    const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, ...rest } = event;
    const newer = {
      ...rest,
      regarding: involvedObject,
      note: message,
      deprecatedSource: source,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedCount: count,
    };
    expect(cells(tableOf({ group: "events.k8s.io", plural: "events" }, [object(newer)], none))).toEqual(
      printed,
    );
  });

  it("of an Event take time and count from its series, and fall back to eventTime, 1 and the reporter", () => {
    const single = {
      involvedObject: { kind: "Pod" },
      eventTime: "2026-11-25T19:16:00.123456Z",
      reportingComponent: "scheduler",
      reportingInstance: "s-1",
      firstTimestamp: null,
      lastTimestamp: null,
    };
    expect(cells(tableOf(core("events"), [object(single)], none))).toEqual([
      "29s",
      "",
      "",
      "pod",
      "",
      "scheduler, s-1",
      "",
      "29s",
      1,
      "full",
    ]);
    const series = { count: 9, lastObservedTime: "2026-11-25T19:16:20.000000Z" };
    const [last, , , , , , , first, count] = cells(
      tableOf(core("events"), [object({ ...single, series })], none),
    );
    expect([last, first, count]).toEqual(["10s", "29s", 9]);
  });
});

describe("tableOf", () => {
  const one = object({ spec: { secretly: true } }, { annotations: { a: "b" } });

  it("gives each row the object, its metadata or nothing", () => {
    const { metadata } = one;
    const included = (includeObject: "None" | "Metadata" | "Object"): unknown =>
      tableOf(widgets(), [one], { includeObject, now }).rows[0]?.object;
    expect(included("None")).toBeNull();
    expect(included("Metadata")).toEqual({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata,
    });
    expect(included("Object")).toEqual(one);
  });

  it("has the resourceVersion of the one object, or the metadata of the list", () => {
    expect(tableOf(widgets(), [one], none).metadata).toEqual({ resourceVersion: "7" });
    const metadata = { resourceVersion: "9", continue: "x", remainingItemCount: 1 };
    expect(tableOf(widgets(), [one], { ...none, metadata }).metadata).toEqual(metadata);
  });

  it("has headers and an empty list of rows where there are no objects", () => {
    const table = tableOf(widgets(), [], { ...none, metadata: { resourceVersion: "9" } });
    expect(table.rows).toEqual([]);
    expect(table.columnDefinitions).toHaveLength(2);
  });

  it("has null for headers in later events of a watch", () => {
    expect(tableOf(widgets(), [one], { ...none, noHeaders: true }).columnDefinitions).toBeNull();
  });

  it("keeps the members in Kubernetes' order", () => {
    expect(Object.keys(tableOf(widgets(), [one], none))).toEqual([
      "kind",
      "apiVersion",
      "metadata",
      "columnDefinitions",
      "rows",
    ]);
  });

  it("is of v1beta1, rows included, for clients that ask for that", () => {
    const table = tableOf(widgets(), [one], {
      includeObject: "Metadata",
      now,
      apiVersion: "meta.k8s.io/v1beta1",
    });
    expect(table.apiVersion).toBe("meta.k8s.io/v1beta1");
    expect(table.rows[0]?.object).toMatchObject({ apiVersion: "meta.k8s.io/v1beta1" });
  });

  it("shows a bookmark as a row without a name, with the annotation that ends the initial state", () => {
    const bookmark = {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: {
        resourceVersion: "388",
        creationTimestamp: null,
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    } as unknown as KubeObject;
    const table = tableOf({ group: "", plural: "configmaps" }, [bookmark], none);
    expect(cells(table)).toEqual(["", 0, "<unknown>"]);
    expect(table.metadata).toEqual({ resourceVersion: "388" });
    expect(table.rows[0]?.object).toMatchObject({ metadata: bookmark.metadata });
  });
});

describe("includeObjectOf", () => {
  it("reads includeObject, Metadata where it is absent or empty", () => {
    expect(includeObjectOf(new URLSearchParams())).toBe("Metadata");
    expect(includeObjectOf(new URLSearchParams("includeObject="))).toBe("Metadata");
    expect(includeObjectOf(new URLSearchParams("includeObject=None"))).toBe("None");
    expect(includeObjectOf(new URLSearchParams("includeObject=Object"))).toBe("Object");
  });

  it("throws BadRequest for another value", () => {
    expect(() => includeObjectOf(new URLSearchParams("includeObject=none"))).toThrow(ApiError);
    expect(() => includeObjectOf(new URLSearchParams("includeObject=none"))).toThrow(/includeObject.*"none"/);
  });
});
