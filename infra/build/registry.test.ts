import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "./bundle.ts";
import { registryIndex } from "./registry.ts";

const oneFile = `
import type { ResourceDefinition } from "../../resource.ts";

export const widgets: ResourceDefinition = {
  group: "example.drover.io",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  singular: "widget",
  scope: "Namespaced",
  schema: () => ({ type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } } }),
};
`;

/** What the faces make of the declared types, asked for in a process of its own. */
const ask = `
const { registry } = await import("./schema/resources/registry.ts");
const { legacyDiscovery } = await import("./functions/http/kube/local/discovery.ts");
const { openApiDocument } = await import("./functions/http/kube/local/openapi.ts");
const types = registry.all();
console.log(JSON.stringify({
  found: registry.byPlural("example.drover.io", "v1", "widgets")?.kind,
  discovery: legacyDiscovery(types, "/apis/example.drover.io/v1", "localhost"),
  paths: Object.keys(openApiDocument(types, "apis/example.drover.io/v1", "1")?.paths ?? {}),
}));
`;

describe("the list of declared types", () => {
  let copy: string;
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8" });

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "drover-registry-"));
    for (const dir of ["schema", "functions", "wire", "infra/build", "package.json"])
      cpSync(join(ROOT, dir), join(copy, dir), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  });
  afterAll(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  it("is what the script makes of the files", () => {
    const resources = join(ROOT, "schema/resources");
    expect(readFileSync(join(resources, "index.generated.ts"), "utf8")).toBe(registryIndex(resources));
  });

  it("serves a type for which one file was added", () => {
    mkdirSync(join(copy, "schema/resources/example.drover.io"));
    writeFileSync(join(copy, "schema/resources/example.drover.io/widgets.ts"), oneFile);

    const stale = run("infra/build/registry.ts", "--check");
    expect([stale.status, stale.stderr]).toEqual([1, expect.stringContaining("npm run build:registry")]);
    expect(run("infra/build/registry.ts").status).toBe(0);
    expect(run("infra/build/registry.ts", "--check").status).toBe(0);

    const answer = run("--input-type=module", "--eval", ask);
    expect(answer.stderr).toBe("");
    expect(JSON.parse(answer.stdout)).toMatchObject({
      found: "Widget",
      discovery: { groupVersion: "example.drover.io/v1", resources: [{ name: "widgets", kind: "Widget" }] },
      paths: expect.arrayContaining([
        "/apis/example.drover.io/v1/namespaces/{namespace}/widgets",
        "/apis/example.drover.io/v1/namespaces/{namespace}/widgets/{name}",
      ]),
    });
  });

  it("tells types of one plural apart by their groups", () => {
    const dir = mkdtempSync(join(tmpdir(), "drover-registry-"));
    try {
      for (const group of ["a.example", "b.example"]) {
        mkdirSync(join(dir, group));
        writeFileSync(
          join(dir, group, "things.ts"),
          "export const things: ResourceDefinition<Thing> = {};\n",
        );
      }
      const text = registryIndex(dir);
      expect(text).toContain('import { things as things_a_example } from "./a.example/things.ts";');
      expect(text).toContain("  things_a_example,\n  things_b_example,\n");
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
