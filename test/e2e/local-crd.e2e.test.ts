/** Users' CustomResourceDefinitions (issue 4, 2): an unmodified kubectl makes types and uses them. */
import { spawn } from "node:child_process";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { definitionOf } from "./definition.ts";
import { call, eventually } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { kubectlOf, startLocal } from "./local.ts";
import type { Local } from "./local.ts";
import { restOf } from "./rest.ts";

const group = "stable.example.com";

const schema = (more: object = {}): object => ({
  openAPIV3Schema: {
    type: "object",
    properties: {
      spec: {
        type: "object",
        required: ["schedule"],
        properties: {
          schedule: { type: "string", description: "When it runs.", pattern: "^\\S+( \\S+)*$" },
          replicas: { type: "integer", default: 1, minimum: 0 },
          image: { type: "string" },
          settings: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          ...more,
        },
      },
      status: {
        type: "object",
        properties: {
          replicas: { type: "integer" },
          selector: { type: "string" },
          phase: { type: "string" },
        },
      },
    },
  },
});

function cronTabs(): { metadata: { name: string }; spec: Record<string, unknown> } & Record<string, unknown> {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `crontabs.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: {
        plural: "crontabs",
        singular: "crontab",
        kind: "CronTab",
        shortNames: ["ct"],
        categories: ["all"],
      },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: schema(),
          subresources: {
            status: {},
            scale: {
              specReplicasPath: ".spec.replicas",
              statusReplicasPath: ".status.replicas",
              labelSelectorPath: ".status.selector",
            },
          },
          selectableFields: [{ jsonPath: ".spec.image" }],
          additionalPrinterColumns: [
            { name: "Schedule", type: "string", jsonPath: ".spec.schedule" },
            { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
          ],
        },
        {
          name: "v1beta1",
          served: true,
          storage: false,
          deprecated: true,
          deprecationWarning: "stable.example.com/v1beta1 CronTab is old; use v1",
          schema: schema({ settings: { type: "object" } }),
        },
        { name: "v1alpha1", served: false, storage: false, schema: schema() },
      ],
    },
  };
}

const cronTab = (name: string, spec: object): string =>
  JSON.stringify({
    apiVersion: `${group}/v1`,
    kind: "CronTab",
    metadata: { name, namespace: "default" },
    spec,
  });

describe("kubectl and types of its user's own", () => {
  let local: Local;
  let drover: Drover;
  let admin: Local["admin"];

  const { run, kubectl, fails } = kubectlOf(() => local);
  const apply = (text: string, ...more: string[]): Promise<string> =>
    kubectl(["apply", "-f", "-", ...more], { input: text });

  beforeAll(async () => {
    local = await startLocal();
    ({ drover, admin } = local);
    await run(["create", "namespace", "default"]);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("makes a type, which is served at once", async () => {
    // kubectl keeps discovery for six hours: it must not have any yet.
    expect(await kubectl(["api-resources", "--no-headers"])).not.toContain("crontabs");
    expect(await apply(JSON.stringify(cronTabs()))).toContain("created");
    const [list] = [await call(admin, "GET", `/apis/${group}/v1/crontabs`)];
    expect(list.status).toBe(200);
    await kubectl(["wait", "--for=condition=Established", `crd/crontabs.${group}`, "--timeout=5s"]);
    expect(await kubectl(["api-resources", "--no-headers", "--cached=false"])).toMatch(
      /^crontabs\s+ct\s+stable\.example\.com\/v1\s+true\s+CronTab$/m,
    );
    expect(await kubectl(["get", "crd", `crontabs.${group}`])).toMatch(
      /^NAME\s+CREATED AT\ncrontabs\.stable\.example\.com\s+\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m,
    );
    expect(await kubectl(["get", "crontabs"])).toBe("");
  });

  it("has definitions of the built-in types, which nobody changes or deletes", async () => {
    const name = "clusters.management.cattle.io";
    await kubectl(["wait", "--for=condition=Established", `crd/${name}`, "--timeout=1s"]);
    const before = await kubectl(["get", "crd", name, "-o", "jsonpath={.spec}"]);
    const theirs = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name, annotations: { "helm.sh/resource-policy": "keep" } },
      spec: {
        group: "management.cattle.io",
        scope: "Cluster",
        names: { plural: "clusters", singular: "cluster", kind: "Cluster", listKind: "ClusterList" },
        versions: [
          { name: "v3", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
        ],
      },
    };
    await apply(JSON.stringify(theirs));
    expect(await kubectl(["get", "crd", name, "-o", "jsonpath={.spec}"])).toBe(before);
    expect(await fails(["delete", "crd", name])).toContain("this type is built into Drover");
  });

  it("explains it", async () => {
    const all = await kubectl(["explain", "crontabs", "--recursive"]);
    for (const field of ["schedule", "replicas", "phase", "creationTimestamp"]) expect(all).toContain(field);
    expect(await kubectl(["explain", "ct.spec.schedule"])).toContain("When it runs.");
    expect(await kubectl(["explain", "crontabs.spec", "--api-version", `${group}/v1beta1`])).toContain(
      "image",
    );
  });

  it("defaults, prunes and validates its objects", async () => {
    const made = cronTab("a", { schedule: "* * * * 5", image: "red", settings: { any: { thing: 1 } } });
    expect(await apply(made)).toContain("crontab.stable.example.com/a created");
    expect(await apply(made)).toContain("unchanged");
    expect(
      await kubectl(["get", "ct", "a", "-o", "jsonpath={.spec.replicas}{.spec.settings.any.thing}"]),
    ).toBe("11");
    expect(
      await fails(["apply", "-f", "-"], { input: cronTab("b", { schedule: "x", unknown: 1 }) }),
    ).toContain('unknown field "spec.unknown"');
    const wrong = await fails(["apply", "-f", "-"], { input: cronTab("b", { replicas: -1 }) });
    expect(wrong).toContain('The CronTab "b" is invalid');
    expect(wrong).toContain("spec.schedule: Required value");
    expect(wrong).toContain("spec.replicas: Invalid value: -1");
  });

  it("prints the columns that the type declares, also while it watches", async () => {
    await apply(cronTab("b", { schedule: "0 0 * * *", image: "blue" }));
    const table = await kubectl(["get", "crontabs"]);
    expect(table).toMatch(/^NAME\s+SCHEDULE\s+REPLICAS\s+AGE$/m);
    expect(table).toMatch(/^a\s+\* \* \* \* 5\s+1\s+\d+s$/m);
    const watching = spawn(
      local.kubectl,
      [
        "get",
        "crontabs",
        "-w",
        "--no-headers",
        "--output-watch-events",
        "--field-selector",
        "spec.image=red",
      ],
      {
        env: { PATH: process.env["PATH"], HOME: local.home, KUBECONFIG: local.kubeconfig },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let seen = "";
    watching.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    const lines = (): string[] =>
      seen.split("\n").flatMap(
        (line) =>
          line
            .match(/^(\w+)\s+(\S+)/)
            ?.slice(1, 3)
            .join(" ") ?? [],
      );
    await eventually("the state", 10_000, () => (lines().length > 0 ? true : undefined));
    await kubectl(["patch", "ct", "b", "--type=merge", "-p", '{"spec":{"image":"red"}}']);
    await kubectl([
      "patch",
      "ct",
      "b",
      "--type=json",
      "-p",
      '[{"op":"replace","path":"/spec/image","value":"blue"}]',
    ]);
    await eventually("all events", 10_000, () => (lines().length >= 3 ? true : undefined));
    watching.kill();
    expect(lines()).toEqual(["ADDED a", "ADDED b", "DELETED b"]);
  });

  it("selects by the fields that the type declares, and by no others", async () => {
    const select = (field: string): string[] => ["get", "ct", "--field-selector", field, "-o", "name"];
    expect(await kubectl(select("spec.image=blue"))).toBe("crontab.stable.example.com/b\n");
    expect(await kubectl(select("spec.image!=blue"))).toBe("crontab.stable.example.com/a\n");
    expect(await fails(select("spec.schedule=x"))).toContain("field label not supported: spec.schedule");
  });

  it("keeps status and spec apart, and counts the generation by the spec", async () => {
    const generation = (): Promise<string> =>
      kubectl(["get", "ct", "a", "-o", "jsonpath={.metadata.generation}"]);
    expect(await generation()).toBe("1");
    await kubectl(["patch", "ct", "a", "--type=merge", "-p", '{"status":{"phase":"lost"}}']);
    expect(await kubectl(["get", "ct", "a", "-o", "jsonpath={.status.phase}"])).toBe("");
    const status = '{"status":{"phase":"Running","replicas":1,"selector":"app=a"},"spec":{"replicas":9}}';
    await kubectl(["patch", "ct", "a", "--subresource=status", "--type=merge", "-p", status]);
    expect(await kubectl(["get", "ct", "a", "-o", "jsonpath={.status.phase}{.spec.replicas}"])).toBe(
      "Running1",
    );
    expect(await generation()).toBe("1");
    await kubectl(["wait", "--for=jsonpath={.status.phase}=Running", "ct/a", "--timeout=5s"]);
  });

  it("scales", async () => {
    expect(await kubectl(["scale", "ct/a", "--replicas=3"])).toContain("scaled");
    expect(await kubectl(["get", "ct", "a", "-o", "jsonpath={.spec.replicas}{.metadata.generation}"])).toBe(
      "32",
    );
    expect(JSON.parse(await kubectl(["get", "ct", "a", "--subresource=scale", "-o", "json"]))).toMatchObject({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      spec: { replicas: 3 },
      status: { replicas: 1, selector: "app=a" },
    });
    expect(await fails(["scale", "ct/a", "--current-replicas=7", "--replicas=2"])).toContain("7");
    await kubectl([
      "patch",
      "ct",
      "a",
      "--subresource=scale",
      "--type=merge",
      "-p",
      '{"spec":{"replicas":0}}',
    ]);
    expect(await kubectl(["get", "ct", "a", "-o", "jsonpath={.spec.replicas}"])).toBe("0");
  });

  it("edits an object, and refuses a strategic merge patch and protobuf", async () => {
    const editor = { KUBE_EDITOR: "sed -i s/blue/green/" };
    expect(await kubectl(["edit", "ct", "b"], { env: editor })).toContain("edited");
    expect(await kubectl(["get", "ct", "b", "-o", "jsonpath={.spec.image}"])).toBe("green");
    expect(await fails(["patch", "ct", "b", "--type=strategic", "-p", '{"spec":{"image":"x"}}'])).toContain(
      "application/merge-patch+json",
    );
    const refused = await restOf(drover)(`POST /apis/${group}/v1/namespaces/default/crontabs`, {
      token: admin.token,
      headers: { "content-type": "application/vnd.kubernetes.protobuf" },
      body: "k8s\0",
    });
    expect(refused.status).toBe(415);
  });

  it("answers in the asked version, warns of a deprecated one, and serves no other", async () => {
    const old = await run(["get", `crontabs.v1beta1.${group}`, "a", "-o", "json"]);
    expect(old.stderr).toContain("Warning: stable.example.com/v1beta1 CronTab is old; use v1");
    const object = JSON.parse(old.stdout) as { apiVersion: string; spec: { settings: object } };
    expect(object.apiVersion).toBe(`${group}/v1beta1`);
    expect(object.spec.settings).toEqual({});
    expect((await call(admin, "GET", `/apis/${group}/v1alpha1/crontabs`)).status).toBe(404);
    const list = JSON.parse(await kubectl(["get", `crontabs.v1beta1.${group}`, "-o", "json"])) as {
      items: { apiVersion: string }[];
    };
    expect(new Set(list.items.map(({ apiVersion }) => apiVersion))).toEqual(new Set([`${group}/v1beta1`]));
    expect(await kubectl(["api-versions"])).toMatch(
      /stable\.example\.com\/v1\nstable\.example\.com\/v1beta1\n/,
    );
  });

  it("has an APIService for all that is served, while it is served, and takes none", async () => {
    const lines = async (...names: string[]): Promise<string[]> =>
      (await kubectl(["get", "apiservices", "--no-headers", ...names])).trim().split(/\n/);
    const names = async (): Promise<string[]> =>
      (await lines())
        .map((line) => line.split(/\s+/)[0] ?? "")
        .filter((name) => name.includes("example.com"));
    const become = (wanted: string[]): Promise<true> =>
      eventually(wanted.join(), 20_000, async () =>
        (await names()).join() === wanted.join() ? true : undefined,
      );
    await become([`v1.${group}`, `v1beta1.${group}`]);
    expect(await lines("v1.", "v3.management.cattle.io")).toEqual([
      expect.stringMatching(/^v1\. +Local +True +\S+$/),
      expect.stringMatching(/^v3\.management\.cattle\.io +Local +True +\S+$/),
    ]);
    const brief = cronTabs();
    const definition = {
      ...brief,
      metadata: { name: "crontabs.brief.example.com" },
      spec: { ...brief.spec, group: "brief.example.com" },
    };
    await apply(JSON.stringify(definition));
    await become([`v1.brief.example.com`, `v1.${group}`, `v1beta1.brief.example.com`, `v1beta1.${group}`]);
    await kubectl(["delete", "crd", "crontabs.brief.example.com"]);
    await become([`v1.${group}`, `v1beta1.${group}`]);
    const own = {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1.metrics.k8s.io" },
      spec: { group: "metrics.k8s.io", version: "v1", groupPriorityMinimum: 1, versionPriority: 1 },
    };
    expect(await fails(["create", "--validate=false", "-f", "-"], { input: JSON.stringify(own) })).toContain(
      "MethodNotAllowed",
    );
  });

  it("refuses definitions that Kubernetes refuses, each with a reason", async () => {
    const broken = async (change: (crd: ReturnType<typeof cronTabs>) => void): Promise<string> => {
      const crd = cronTabs();
      crd.metadata.name = "others.example.com";
      crd.spec = { ...crd.spec, group: "example.com", names: { plural: "others", kind: "Other" } };
      change(crd);
      return fails(["create", "-f", "-"], { input: JSON.stringify(crd) });
    };
    expect(await broken((crd) => (crd.metadata.name = "wrong.example.com"))).toContain(
      'must be spec.names.plural+"."+spec.group',
    );
    expect(
      await broken(
        (crd) =>
          (crd.spec["conversion"] = { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"] } }),
      ),
    ).toContain("Drover calls no webhooks");
    expect(
      await broken((crd) => {
        for (const version of crd.spec["versions"] as { storage: boolean }[]) version.storage = true;
      }),
    ).toContain("must have exactly one version marked as storage version");
    expect(
      await broken((crd) => {
        crd.spec["versions"] = [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { properties: { spec: { type: "array" } } } },
          },
        ];
      }),
    ).toContain("spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root");
    expect(
      await broken((crd) => {
        crd.metadata.name = "others.mine.k8s.io";
        crd.spec["group"] = "mine.k8s.io";
      }),
    ).toContain("api-approved.kubernetes.io");
    expect(
      await fails([
        "patch",
        "crd",
        `crontabs.${group}`,
        "--type=merge",
        "-p",
        '{"spec":{"scope":"Cluster"}}',
      ]),
    ).toContain("field is immutable");
  });

  it("judges definitions and objects by rules in CEL", async () => {
    const quotas = (rules: readonly object[]): string =>
      JSON.stringify(
        definitionOf({
          group: "rules.example.com",
          names: { plural: "quotas", singular: "quota", kind: "Quota" },
          spec: {
            type: "object",
            properties: {
              least: { type: "integer" },
              most: { type: "integer" },
              zone: { type: "string" },
            },
            "x-kubernetes-validations": rules,
          },
        }),
      );
    const refused = await fails(["create", "-f", "-"], { input: quotas([{ rule: "self.leest <= 1" }]) });
    expect(refused).toContain("compilation failed: ERROR: <input>:1:5: undefined field 'leest'");
    await apply(
      quotas([
        {
          rule: "self.least <= self.most",
          messageExpression: "'%d is more than %d'.format([self.least, self.most])",
        },
        { rule: "self.zone == oldSelf.zone", message: "zone is immutable", fieldPath: ".zone" },
      ]),
    );
    await kubectl(["wait", "--for=condition=Established", "crd/quotas.rules.example.com", "--timeout=5s"]);
    const quota = (spec: object): string =>
      JSON.stringify({
        apiVersion: "rules.example.com/v1",
        kind: "Quota",
        metadata: { name: "q", namespace: "default" },
        spec,
      });
    expect(await fails(["create", "-f", "-"], { input: quota({ least: 5, most: 2, zone: "a" }) })).toContain(
      "spec: Invalid value: 5 is more than 2",
    );
    await apply(quota({ least: 1, most: 2, zone: "a" }));
    expect(await fails(["apply", "-f", "-"], { input: quota({ least: 1, most: 3, zone: "b" }) })).toContain(
      "spec.zone: Invalid value: zone is immutable",
    );
    await apply(quota({ least: 1, most: 3, zone: "a" }));
  });

  it("changes the schema under its objects", async () => {
    const changed = cronTabs();
    const [first] = changed.spec["versions"] as { schema: object }[];
    if (first === undefined) throw new Error("no version");
    first.schema = schema({ zone: { type: "string", default: "UTC" } });
    expect(await apply(JSON.stringify(changed))).toContain("configured");
    expect(await kubectl(["get", "ct", "a", "-o", "jsonpath={.spec.zone}"])).toBe("UTC");
    expect(await kubectl(["explain", "crontabs.spec.zone"])).toContain("zone");
  });

  it("deletes the objects with their type, and makes it anew", async () => {
    await kubectl(["delete", "crd", `crontabs.${group}`, "--timeout=20s"]);
    expect(await fails(["get", "crontabs"])).toContain("could not find the requested resource");
    expect((await call(admin, "GET", `/apis/${group}/v1/crontabs`)).status).toBe(404);
    await apply(JSON.stringify(cronTabs()));
    await kubectl(["wait", "--for=condition=Established", `crd/crontabs.${group}`, "--timeout=5s"]);
    expect(await kubectl(["get", "crontabs", "-A"])).toBe("");
    await apply(cronTab("a", { schedule: "x" }));
    expect(await kubectl(["get", "ct", "a", "-o", "jsonpath={.metadata.generation}"])).toBe("1");
  });

  it("gives a name that is let go to who waits for it", async () => {
    const type = (plural: string): string =>
      JSON.stringify(
        definitionOf({ group: "names.example.com", scope: "Cluster", names: { plural, kind: "Same" } }),
      );
    await apply(type("ones"));
    await apply(type("twos"));
    expect(
      await kubectl([
        "get",
        "crd",
        "twos.names.example.com",
        "-o",
        "jsonpath={.status.conditions[0].reason}",
      ]),
    ).toBe("ListKindConflict");
    await kubectl(["delete", "crd", "ones.names.example.com", "--timeout=20s"]);
    await kubectl(["wait", "--for=condition=Established", "crd/twos.names.example.com", "--timeout=10s"]);
    expect(await kubectl(["get", "twos"])).toBe("");
  });
});
