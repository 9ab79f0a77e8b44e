/** Lists as tables through a whole Drover: rows that the server knows from the list before are those of the objects now. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiVersionOf } from "../../schema/resource.ts";
import { registry } from "../../schema/resources/registry.ts";
import { definitionOf } from "./definition.ts";
import { eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { restOf } from "./rest.ts";
import type { Ask, Json, Reply } from "./rest.ts";

const password = "all tables passphrase";
const table = { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" };
const maps = "/api/v1/namespaces/tables/configmaps";

interface Row {
  readonly cells: readonly unknown[];
  readonly object: { readonly metadata: { readonly name: string; readonly namespace?: string } };
}

/** Ages pass. */
const timeless = ({ cells, object }: Row): object => ({
  object,
  cells: cells.map((cell) => (/^(?:\d+[smhdy]){1,2}$/.test(String(cell)) ? "some time" : cell)),
});

describe("a list as a table", () => {
  let drover: Drover;
  let ask: (line: string, more?: Ask) => Promise<Reply>;
  const rowsAt = async (path: string): Promise<readonly Row[]> => {
    const { status, json, text } = await ask(`GET ${path}`, { headers: table });
    expect(status, text).toBe(200);
    return json["rows"] as readonly Row[];
  };
  const configMap = (name: string, data: object = {}): Json => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data,
  });
  const cellsAt = async (path: string): Promise<readonly (readonly unknown[])[]> =>
    (await rowsAt(path)).map(({ cells }) => cells.slice(0, -1));

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    const { token } = await loginAs(drover, "admin", password);
    const rest = restOf(drover);
    ask = (line, more = {}) => rest(line, { token, ...more });
    await ask("POST /api/v1/namespaces", {
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "tables" } },
    });
    for (const name of ["a", "b", "c"]) await ask(`POST ${maps}`, { body: configMap(name, { one: "1" }) });
  }, 300_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  it("has for every type the rows that its objects have alone, the second time too", async () => {
    for (const definition of registry.all().filter(({ verbs }) => verbs === undefined)) {
      const base = `/${definition.group === "" ? "api" : "apis"}/${apiVersionOf(definition)}`;
      const first = await rowsAt(`${base}/${definition.plural}`);
      const second = await rowsAt(`${base}/${definition.plural}`);
      for (const { object } of first.slice(0, 3)) {
        const { name, namespace } = object.metadata;
        const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
        const path = `${base}${place}/${definition.plural}/${name}`;
        const alone = await ask(`GET ${path}`, { headers: table });
        // Some types change by themselves.
        if (alone.status === 404) continue;
        const [row] = alone.json["rows"] as [Row];
        const same = second.filter(
          ({ object: { metadata } }) => metadata.name === name && metadata.namespace === namespace,
        );
        if (JSON.stringify(same[0]?.object) !== JSON.stringify(row.object)) continue;
        expect(same.map(timeless), path).toEqual([timeless(row)]);
      }
      const names = (rows: readonly Row[]): string[] => rows.map(({ object }) => object.metadata.name);
      if (definition.plural !== "events") expect(names(second), definition.plural).toEqual(names(first));
    }
  }, 120_000);

  it("shows what was changed, made and deleted since the list before", async () => {
    expect(await cellsAt(`${maps}?labelSelector=!x`)).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 1],
      ["kube-root-ca.crt", 1],
    ]);
    await ask(`PUT ${maps}/b`, { body: configMap("b", { one: "1", two: "2" }) });
    await ask(`POST ${maps}`, { body: configMap("bb") });
    await ask(`DELETE ${maps}/a`);
    // By one name: an object of the same name that is made anew is another.
    await ask(`DELETE ${maps}/c`);
    await ask(`POST ${maps}`, { body: configMap("c") });
    expect(await cellsAt(maps)).toEqual([
      ["b", 2],
      ["bb", 0],
      ["c", 0],
      ["kube-root-ca.crt", 1],
    ]);
    expect(await cellsAt(`${maps}?fieldSelector=metadata.name=b`)).toEqual([["b", 2]]);
  });

  it("goes on where a page ended, at the revision of the first, and shows what was there then", async () => {
    await rowsAt(maps);
    const first = await ask(`GET ${maps}?limit=2`, { headers: table });
    expect((first.json["rows"] as Row[]).map(({ cells }) => cells[0])).toEqual(["b", "bb"]);
    const { continue: token, remainingItemCount } = first.json["metadata"] as Json;
    expect(remainingItemCount).toBe(2);
    await ask(`PUT ${maps}/c`, { body: configMap("c", { one: "1", two: "2", three: "3" }) });
    const rest = await rowsAt(`${maps}?limit=2&continue=${encodeURIComponent(String(token))}`);
    expect(rest.map(({ cells }) => cells.slice(0, 2))).toEqual([
      ["c", 0],
      ["kube-root-ca.crt", 1],
    ]);
    expect((await cellsAt(maps)).find(([name]) => name === "c")).toEqual(["c", 3]);
  });

  it("has as much of each object as was asked for, whatever was asked for before", async () => {
    const objects = async (include: string): Promise<readonly unknown[]> =>
      (await rowsAt(`${maps}?includeObject=${include}`)).map(({ object }) => object);
    for (let round = 0; round < 2; round++) {
      expect(await objects("None")).toEqual([null, null, null, null]);
      expect((await objects("Object"))[0]).toMatchObject({ kind: "ConfigMap", data: { two: "2" } });
      const [metadata] = await objects("Metadata");
      expect(metadata).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "b" } });
      expect(metadata).not.toHaveProperty("data");
    }
  });

  it("has the columns that a CustomResourceDefinition has now", async () => {
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const definition = definitionOf({
      group: "tables.example.com",
      names: { plural: "gauges", kind: "Gauge" },
      spec: { type: "object", properties: { level: { type: "integer" } } },
    });
    await ask(`POST ${crds}`, { body: definition });
    const gauges = "/apis/tables.example.com/v1/namespaces/tables/gauges";
    const gauge = { apiVersion: "tables.example.com/v1", kind: "Gauge", metadata: { name: "g" } };
    await eventually("the type is served", 10_000, async () => {
      const { status } = await ask(`POST ${gauges}`, { body: { ...gauge, spec: { level: 7 } } });
      return status === 201 ? true : undefined;
    });
    expect((await rowsAt(gauges)).map(({ cells }) => cells.length)).toEqual([2]);
    const patch = [
      {
        op: "add",
        path: "/spec/versions/0/additionalPrinterColumns",
        value: [{ name: "Level", type: "integer", jsonPath: ".spec.level" }],
      },
    ];
    await ask(`PATCH ${crds}/gauges.tables.example.com`, {
      body: patch,
      headers: { "content-type": "application/json-patch+json" },
    });
    await eventually("the new column", 10_000, async () => {
      const [row] = await rowsAt(gauges);
      return row?.cells[1] === 7 ? true : undefined;
    });
  });
});
