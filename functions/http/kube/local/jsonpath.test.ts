import { describe, expect, it } from "vitest";
import { findJsonPath } from "./jsonpath-find.ts";
import { JsonPathError, parseJsonPath } from "./jsonpath.ts";

const object = {
  metadata: { name: "full", labels: { "a.b/c": "labelled", plain: "p" } },
  spec: {
    text: "hello",
    list: ["x", "y", "z"],
    empty: [],
    nothing: null,
    map: { b: 2, a: { deep: "down" } },
    servers: [
      { name: "one", port: 80, tls: false },
      { name: "two", port: 443, tls: true },
    ],
  },
  status: {
    conditions: [
      { type: "Other", status: "False", n: 1 },
      { type: "Ready", status: "True", n: 2, note: null },
    ],
  },
};

function find(path: string): readonly unknown[] | undefined {
  return findJsonPath(parseJsonPath(path), object);
}

describe("a JSONPath", () => {
  it.each<[string, unknown[]]>([
    [".spec.text", ["hello"]],
    ["$.spec.text", ["hello"]],
    [".metadata.labels.plain", ["p"]],
    [".metadata.labels.a\\.b/c", ["labelled"]],
    [".metadata.labels['a\\.b/c']", ["labelled"]],
    [".metadata['labels'].plain", ["p"]],
    [".spec.list", [["x", "y", "z"]]],
    [".spec.list[0]", ["x"]],
    [".spec.list[-1]", ["z"]],
    [".spec.list[-3]", ["x"]],
    [".spec.list[*]", ["x", "y", "z"]],
    [".spec.list[:]", ["x", "y", "z"]],
    [".spec.list[1:3]", ["y", "z"]],
    [".spec.list[1:]", ["y", "z"]],
    [".spec.list[:-1]", ["x", "y"]],
    [".spec.list[::2]", ["x", "z"]],
    [".spec.list[1:1]", []],
    [".spec.list[0,2]", ["x", "z"]],
    [".spec['text', 'nothing']", ["hello", null]],
    [".spec.map.*", [2, { deep: "down" }]],
    ["..deep", ["down"]],
    [".spec..deep", ["down"]],
    [".spec.nothing", [null]],
    [".spec.servers[*].name", ["one", "two"]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    [".status.conditions[?(@.type=='Ready')].status", ["True"]],
    ['.status.conditions[?(@.type == "Ready")].status', ["True"]],
    ['.status.conditions[?(@.type!="Ready")].status', ["False"]],
    [".status.conditions[?(@.n>1)].type", ["Ready"]],
    [".status.conditions[?(@.n<=1)].type", ["Other"]],
    [".status.conditions[?(@.n>=1)].type", ["Other", "Ready"]],
    [".status.conditions[?(@.n<1.5)].type", ["Other"]],
    [".status.conditions[?(@.note)].type", ["Ready"]],
    [".spec.servers[?(@.tls==true)].port", [443]],
    [".spec.servers[?(@.tls!=true)].port", [80]],
    ['.spec.servers[?(@.name==")]")].port', []],
    ['.spec.servers[?(@.missing=="a")].port', []],
  ])("%s finds what it finds in Kubernetes", (path, expected) => {
    expect(find(path)).toEqual(expected);
  });

  it.each([".spec.missing", ".spec.missing[0]", ".spec.text.more", ".spec.nothing.more", ".spec.nothing[0]"])(
    "%s finds nothing, without an error",
    (path) => {
      expect(find(path)).toEqual([]);
    },
  );

  it.each([
    [".spec.map[0]", "a subscript of a map"],
    [".spec.text[0]", "a subscript of a text"],
    [".spec.empty[0]", "an index beyond the list"],
    [".spec.list[3]", "an index beyond the list"],
    [".spec.list[-4]", "an index before the list"],
    [".spec.list[2:1]", "a slice backwards"],
    [".spec.list[0:3:0]", "a slice that never advances"],
    ['.spec.map[?(@.a=="b")]', "a filter of a map"],
    ['.spec.servers[?(@.port=="80")].name', "a comparison of a number with a text"],
    [".spec.servers[?(@.tls>false)].name", "an order of booleans"],
    ['.spec.servers[?(@.name="one")].name', "an unknown operator"],
  ])("%s is an error: %s", (path) => {
    expect(find(path)).toBeUndefined();
  });

  it("finds members that the object has of its own, not those of its prototype", () => {
    expect(find(".constructor")).toEqual([]);
    const own = JSON.parse('{"__proto__":{"a":1}}') as unknown;
    expect(findJsonPath(parseJsonPath(".__proto__.a"), own)).toEqual([1]);
  });

  it.each([
    ".spec.list[",
    ".spec.list[a]",
    ".spec.list[]",
    ".spec.list[1-2:3]",
    ".spec.list[1:2:3:4]",
    ".spec[?(@.a",
    '.spec[?(@.a=="x")',
    '.spec[?(@.a=="x)]',
    ".spec}",
    "spec.text",
    ".spec 'open",
    "[?(".repeat(20),
    `.a${"[?(@".repeat(20)}${")]".repeat(20)}`,
  ])("%s cannot be read", (path) => {
    expect(() => parseJsonPath(path)).toThrow(JsonPathError);
  });
});
