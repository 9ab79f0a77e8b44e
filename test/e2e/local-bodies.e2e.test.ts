/**
 * Requests that go to Drover and to a real kube-apiserver (issue 4, requirement 3): bodies and options that do not fit are refused
 * with the same code and reason and about the same fields, others get the same answer.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer } from "../testbed/api-server.ts";
import { lasting, sender, senderOf } from "./both-servers.ts";
import type { Answer, Send } from "./both-servers.ts";
import { definitionOf } from "./definition.ts";
import { eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import { restOf } from "./rest.ts";

const password = "bodies passphrase";
const maps = "/api/v1/namespaces/default/configmaps";
const foos = "/apis/fuzz.example.com/v1/namespaces/default/foos";
const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const roles = `${rbac}/namespaces/default/roles`;
const bindings = `${rbac}/namespaces/default/rolebindings`;
const access = "/apis/authorization.k8s.io/v1";
const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const events = (group: string, version: string): string =>
  `${group === "" ? "/api" : `/apis/${group}`}/${version}/namespaces/default/events`;
const bars = (version: string): string => `/apis/fuzz.example.com/${version}/namespaces/default/bars`;
const merge = "application/merge-patch+json";
const jsonPatch = "application/json-patch+json";
const apply = "application/apply-patch+yaml";
const named = { metadata: { name: "a" } };

const definition = definitionOf({
  group: "fuzz.example.com",
  names: { plural: "foos", singular: "foo", kind: "Foo", listKind: "FooList" },
  spec: {
    type: "object",
    properties: {
      text: { type: "string" },
      count: { type: "integer", format: "int32" },
      list: { type: "array", items: { type: "string" } },
    },
  },
});
/** Rules, and a version that has other members than the stored one. */
const versioned = definitionOf({
  group: "fuzz.example.com",
  names: { plural: "bars", singular: "bar", kind: "Bar", listKind: "BarList" },
  versions: [
    {
      name: "v1",
      properties: {
        size: { type: "integer", maximum: 9 },
        color: { type: "string", default: "red" },
        odd: { type: "string", maxLength: 3 },
      },
      "x-kubernetes-validations": [{ rule: "self.size != 7" }],
    },
    { name: "v1beta1", properties: { size: { type: "integer" }, beta: { type: "string", default: "b" } } },
  ],
});
const bar = (version: string, metadata: object, spec: object): object => ({
  apiVersion: `fuzz.example.com/${version}`,
  kind: "Bar",
  metadata,
  spec,
});
const odd = (version: object): object => ({
  metadata: { name: "odds.fuzz.example.com" },
  spec: {
    group: "fuzz.example.com",
    scope: "Namespaced",
    names: { plural: "odds", kind: "Odd" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object" } },
        ...version,
      },
    ],
  },
});
const map = (metadata: object): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata });
const role = (name: string, more: object): object => ({ metadata: { name }, ...more });
const foo = (metadata: object, spec?: unknown): object => ({
  apiVersion: "fuzz.example.com/v1",
  kind: "Foo",
  metadata: { name: "a", ...metadata },
  ...(spec === undefined ? {} : { spec }),
});

describe("bodies that do not fit", () => {
  const cleanup = new AsyncDisposableStack();
  let real: Send;
  let ours: Send;

  beforeAll(async () => {
    const [server, drover] = await Promise.all([
      startApiServer({ store: "etcd" }),
      startDrover({ args: ["--bootstrap-password", password] }),
    ]);
    cleanup.defer(() => server.stop());
    cleanup.defer(async () => {
      await drover.stop();
      removeDataDir(drover.dataDir);
    });
    real = senderOf(server.kubeconfig);
    const { token } = await loginAs(drover, "admin", password);
    ours = sender(restOf(drover), "/k8s/clusters/local", token);
    for (const send of [real, ours]) {
      await send(`POST ${crds}`, definition);
      await send(`POST ${crds}`, versioned);
      await eventually("namespace and type are there", 60_000, async () => {
        const made = await send(`POST ${foos}?dryRun=All`, foo({}));
        const other = await send(`POST ${bars("v1")}?dryRun=All`, bar("v1", { name: "a" }, { size: 1 }));
        return made.status === 201 && other.status === 201 ? made : undefined;
      });
      await send(`POST ${maps}`, { metadata: { name: "there" }, data: { a: "b" } });
      await send(`POST ${foos}`, foo({ name: "there" }));
    }
  }, 180_000);

  afterAll(() => cleanup.disposeAsync());

  it.each<[what: string, line: string, body?: unknown, type?: string]>([
    // Kubernetes' own types: 400, whatever else is wrong.
    ["a number for a text", `POST ${maps}`, { ...named, data: { a: 1 } }],
    ["a list for an object", `POST ${maps}`, { ...named, data: [] }],
    [
      "a text for a flag, of two faults",
      `POST ${maps}`,
      { ...named, immutable: "x", data: { a: "b" }, foo: 1 },
    ],
    [
      "the same in strict validation",
      `POST ${maps}?fieldValidation=Strict`,
      { ...named, data: { a: 1 }, b: 1 },
    ],
    ["the same in YAML", `POST ${maps}`, "metadata: {name: a}\ndata: {a: 1}\n", "application/yaml"],
    ["no base64", `POST ${maps}`, { ...named, binaryData: { a: "%%%" } }],
    ["no base64 in a Secret", "POST /api/v1/namespaces/default/secrets", { ...named, data: { a: "!!" } }],
    ["a fraction", `POST ${leases}`, { ...named, spec: { leaseDurationSeconds: 1.5 } }],
    ["more than 32 bits", `POST ${leases}`, { ...named, spec: { leaseDurationSeconds: 2 ** 31 } }],
    ["no time", `POST ${leases}`, { ...named, spec: { acquireTime: "x" } }],
    ["a time without micros", `POST ${leases}`, { ...named, spec: { acquireTime: "2020-01-01T00:00:00Z" } }],
    ["a list for a struct", `POST ${leases}`, { ...named, spec: [] }],
    [
      "a text for a struct in a list",
      "POST /apis/rbac.authorization.k8s.io/v1/clusterroles",
      { ...named, rules: ["x"] },
    ],
    ["a text in a review", "POST /apis/authorization.k8s.io/v1/subjectaccessreviews", { spec: { user: 1 } }],
    [
      "a text for the versions of a type",
      "POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      { ...named, spec: { versions: "x" } },
    ],
    ["a kind that is no text", `POST ${maps}`, { ...named, kind: 1 }],
    ["another kind", `POST ${maps}`, { ...named, apiVersion: "v1", kind: "Secret" }],
    ["labels that are no texts", `POST ${maps}`, { metadata: { name: "a", labels: { a: 1 } } }],
    ["metadata that is a list", `POST ${maps}`, { metadata: [] }],
    ["no metadata", `POST ${maps}`, { metadata: null }],
    ["an update", `PUT ${maps}/there`, { metadata: { name: "there" }, data: 3 }],
    ["a merge patch", `PATCH ${maps}/there`, { data: { a: 1 } }, merge],
    ["a merge patch of metadata", `PATCH ${maps}/there`, { metadata: { labels: 3 } }, merge],
    [
      "a strategic patch",
      `PATCH ${maps}/there`,
      { data: { a: 1 } },
      "application/strategic-merge-patch+json",
    ],
    ["a JSON patch", `PATCH ${maps}/there`, [{ op: "replace", path: "/data/a", value: 1 }], jsonPatch],
    [
      "a text for a number in a schema",
      `POST ${crds}`,
      odd({ schema: { openAPIV3Schema: { type: "object", minLength: "x" } } }),
    ],
    // Custom types: their metadata is a struct, the rest has a schema.
    ["a custom text", `POST ${foos}`, foo({}, { text: 1, count: "x" })],
    ["a custom number", `POST ${foos}`, foo({}, { count: 1.5 })],
    ["a null in a custom list", `POST ${foos}`, foo({}, { list: [null] })],
    ["custom labels", `POST ${foos}`, foo({ labels: { a: 1 } })],
    ["a custom generation", `POST ${foos}`, foo({ generation: "1" })],
    ["a custom time", `POST ${foos}`, foo({ creationTimestamp: "x" })],
    ["no kind", `POST ${foos}`, named],
    ["another custom kind", `POST ${foos}`, { ...foo({}), kind: "Bar" }],
    ["a custom patch", `PATCH ${foos}/there`, { spec: { text: 1 } }, merge],
    ["a patch of custom labels", `PATCH ${foos}/there`, { metadata: { labels: { a: 3 } } }, merge],
    ["a patch of a custom kind", `PATCH ${foos}/there`, { kind: "Bar" }, merge],
    // Options.
    ["a grace period", `DELETE ${maps}/nope`, { gracePeriodSeconds: "x" }],
    ["a grace period in the query", `DELETE ${maps}/nope?gracePeriodSeconds=x`],
    ["preconditions", `DELETE ${maps}/nope`, { preconditions: 3 }],
    ["a dry run of one text", `DELETE ${maps}/nope`, { dryRun: "All" }],
    ["an unknown dry run", `POST ${maps}?dryRun=x`, named],
    ["an empty dry run, which must not write", `POST ${maps}?dryRun=`, named],
    ["an empty dry run of a patch", `PATCH ${maps}/there?dryRun=`, {}, merge],
    ["an unknown field validation", `POST ${maps}?fieldValidation=x`, named],
    [
      "an unknown field validation of a review",
      "POST /apis/authentication.k8s.io/v1/selfsubjectreviews?fieldValidation=x",
      {},
    ],
    ["an empty limit", `GET ${maps}?limit=`],
    ["a revision that is yet to come", `GET ${maps}/there?resourceVersion=1000000000`],
    ["a yes for a text", `POST ${maps}`, "metadata: {name: a}\ndata: {a: yes}\n", "application/yaml"],
    ["no number of JSON's", `POST ${maps}`, "metadata: {name: a}\nx: .inf\n", "application/yaml"],
    [
      "another uid of what a PUT makes",
      `PUT ${rbac}/clusterroles/put`,
      { metadata: { name: "put", uid: "x" }, rules: [] },
    ],
    ["no spec of a review", `POST ${access}/subjectaccessreviews`, {}],
    [
      "a path in a namespace",
      `POST ${access}/namespaces/default/localsubjectaccessreviews`,
      { spec: { user: "u", nonResourceAttributes: { path: "/x", verb: "get" } } },
    ],
    ["no token to review", "POST /apis/authentication.k8s.io/v1/tokenreviews", {}],
    ["no namespace of rules", `POST ${access}/selfsubjectrulesreviews`, {}],
    ["no account for a token", "POST /api/v1/namespaces/default/serviceaccounts/nope/token", {}],
    ["a subresource that there is not", `POST ${maps}/there/nope`, {}],
    ["a deletion of what is no subresource", `DELETE ${maps}/there/status`],
    ["a namespace in a namespace", "GET /api/v1/namespaces/default/namespaces"],
    ["another uid of many", `DELETE ${maps}`, { preconditions: { uid: "another" } }],
    ["another revision of many", `DELETE ${maps}`, { preconditions: { resourceVersion: "1" } }],
  ])("refuses %s as kube-apiserver does", async (_what, ...request) => {
    const [expected, answer] = await Promise.all([real(...request), ours(...request)]);
    expect(expected.status, expected.message).toBeGreaterThanOrEqual(400);
    const { message: _e, json: _ej, text: _et, ...wanted } = expected;
    const { message, json: _aj, text: _at, ...given } = answer;
    expect(given, `${message}\nkube-apiserver: ${expected.message}`).toEqual(wanted);
  });

  const opaque = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=record \()\d+(?=\))/g;

  it.each<[line: string, body?: unknown, type?: string]>([
    [`POST ${bindings}`, named],
    [`POST ${bindings}`, { ...named, roleRef: { kind: "X" } }],
    [
      `POST ${bindings}`,
      {
        ...named,
        roleRef: { kind: "Role", name: "r" },
        subjects: [{}, { kind: "ServiceAccount", name: "A_" }],
      },
    ],
    [
      `PATCH ${bindings}/a?fieldManager=a`,
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", ...named },
      apply,
    ],
    [`POST ${rbac}/clusterrolebindings`, named],
    [`POST ${roles}`, { ...named, rules: [{}] }],
    ["POST /api/v1/namespaces/kube-system/events", named],
    [`POST ${maps}`, { metadata: { name: "a", ownerReferences: [{}] } }],
    [
      `POST ${maps}`,
      {
        metadata: { name: "a", ownerReferences: [{ apiVersion: "v1", kind: "Event", name: "x", uid: "1" }] },
      },
    ],
    [`POST ${maps}`, { metadata: { name: "a", finalizers: ["orphan", "foregroundDeletion"] } }],
    ["POST /api/v1/namespaces", { ...named, spec: { finalizers: ["bad"] } }],
    [
      "PUT /api/v1/namespaces/default/finalize",
      { metadata: { name: "default" }, spec: { finalizers: ["bad"] } },
    ],
    [`PUT ${maps}/there`, { metadata: {} }],
    [`PATCH ${maps}/there`, { metadata: { name: null } }, merge],
    [`PATCH ${maps}/there`, { metadata: { name: "x" } }, merge],
    [`PATCH ${maps}/nameless?fieldManager=a`, map({}), apply],
    [`PATCH ${maps}/there?fieldManager=a`, map({ name: "there", resourceVersion: "1" }), apply],
    [`PUT ${maps}`, map({ name: "there" })],
    [`DELETE ${maps}/there`, { preconditions: { uid: "another" } }],
    [`DELETE ${foos}/there`, { preconditions: { resourceVersion: "1" } }],
    [`GET ${maps}?limit=x`],
    [`GET ${maps}?resourceVersion=x`],
    [`GET ${maps}?resourceVersionMatch=x`],
    [`GET ${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact`],
    [`GET ${maps}?watch=1&continue=x`],
    [`GET ${maps}?fieldSelector=a%3Db`],
    [`GET ${foos}?fieldSelector=a%3Db`],
    [`POST ${foos}`, { kind: "Foo", ...named }],
    [`POST ${crds}?fieldValidation=Strict`, odd({ schema: { openAPIV3Schema: { type: "object", foo: 1 } } })],
    [`POST ${crds}`, odd({ additionalPrinterColumns: [{ name: "A", type: "x", jsonPath: "a" }] })],
    [`POST ${crds}`, odd({ subresources: { scale: {} } })],
    [`POST ${crds}`, odd({ selectableFields: [{ jsonPath: ".spec.x" }] })],
    [
      `POST ${maps}?fieldValidation=Strict`,
      "metadata: {name: a}\nx: 1\ndata: {a: b, a: c}\n",
      "application/yaml",
    ],
    [`POST ${bars("v1")}`, bar("v1", { name: "a" }, { size: "x" })],
    [`POST ${bars("v1")}`, bar("v1", { name: "a" }, { size: 1, odd: "long" })],
    [`POST ${bars("v1")}?fieldValidation=Strict`, { ...bar("v1", { name: "a" }, { z: 1 }), b: 1 }],
  ])("refuses in the same words: %s %j", async (...request) => {
    const [expected, answer] = await Promise.all([real(...request), ours(...request)]);
    expect(expected.status, expected.message).toBeGreaterThanOrEqual(400);
    const said = ({ status, message }: Answer): string => `${status} ${message.replace(opaque, "…")}`;
    expect(said(answer)).toBe(said(expected));
  });

  it.each<[what: string, line: string, body?: unknown, type?: string]>([
    ["a Role without rules", `POST ${roles}`, role("none", {})],
    ["a Role with no list of rules", `POST ${roles}`, role("null", { rules: null })],
    ["a Role with a list of none", `POST ${roles}`, role("list", { rules: [] })],
    ["an emptied Role", `PATCH ${roles}/list`, { rules: [] }, merge],
    ["a list of Roles", `GET ${roles}`],
    [
      "an aggregated role of none",
      `POST ${rbac}/clusterroles`,
      role("gathers", { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } }),
    ],
    [
      "a namespace of what has none",
      `POST ${rbac}/clusterroles`,
      { metadata: { name: "placed", namespace: "x" } },
    ],
    [
      "a PUT that makes a revision",
      `PUT ${leases}/put`,
      { metadata: { name: "put", resourceVersion: "5" }, spec: {} },
    ],
    ["and of its patch", `PATCH ${rbac}/clusterroles/placed`, { metadata: { namespace: "y" } }, merge],
    [
      "and of its configuration",
      `PATCH ${rbac}/clusterroles/placed?fieldManager=a`,
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "placed", namespace: "z" },
      },
      apply,
    ],
    ["revision 0 of what is new", `POST ${maps}`, map({ name: "zero", resourceVersion: "0" })],
    [
      "an apply that makes a revision",
      `PATCH ${maps}/new?fieldManager=a`,
      map({ name: "new", resourceVersion: "1" }),
      apply,
    ],
    ["an apply without a name", `PATCH ${maps}/new?fieldManager=a`, map({}), apply],
    [
      "an apply to any revision",
      `PATCH ${maps}/new?fieldManager=a`,
      map({ name: "new", resourceVersion: "0" }),
      apply,
    ],
    [
      "a doubled key in YAML",
      `POST ${maps}`,
      "metadata: {name: twice}\ndata: {a: b, a: c}\n",
      "application/yaml",
    ],
    [
      "the first of two documents",
      `POST ${maps}`,
      "metadata: {name: first}\n---\nmetadata: {name: x}\n",
      "application/yaml",
    ],
    [
      "merged maps in YAML",
      `POST ${maps}`,
      "metadata: {name: merged}\ndata: {<<: {k: v}}\n",
      "application/yaml",
    ],
    [
      "an object in another version",
      `POST ${bars("v1beta1")}`,
      bar("v1beta1", { name: "older" }, { size: 1 }),
    ],
    ["it in the stored version", `GET ${bars("v1")}/older`],
    ["it in the other version", `GET ${bars("v1beta1")}/older`],
    ["a patch of it", `PATCH ${bars("v1beta1")}/older`, { spec: { size: 2, color: "blue" } }, merge],
    ["what that left", `GET ${bars("v1")}/older`],
    [
      "an Event without times",
      `POST ${events("", "v1")}`,
      { ...named, involvedObject: { name: "x" }, reason: "r" },
    ],
    ["it in the other group", `GET ${events("events.k8s.io", "v1")}/a`],
    [
      "an Event of the newer group",
      `POST ${events("events.k8s.io", "v1")}`,
      {
        metadata: { name: "newer" },
        eventTime: "2026-01-01T00:00:00.000000Z",
        regarding: { name: "x" },
        action: "a",
        reason: "r",
        reportingController: "x.y/z",
        reportingInstance: "i",
        type: "Normal",
      },
    ],
    ["it in the older group", `GET ${events("", "v1")}/newer`],
    ["a check of health", "GET /readyz/ping"],
    ["health", "GET /livez"],
    ["a check that there is not", "GET /readyz/nope"],
  ])("answers %s as kube-apiserver does", async (_what, ...request) => {
    const [expected, answer] = await Promise.all([real(...request), ours(...request)]);
    expect(answer.status, answer.text).toBe(expected.status);
    if (expected.status >= 400) return;
    if (answer.json["kind"] === undefined) expect(answer.text).toBe(expected.text);
    else expect(lasting(answer.json)).toEqual(lasting(expected.json));
  });

  it("says that a deleted object is still there, that a revision is yet to come, and makes no long names", async () => {
    for (const send of [real, ours]) {
      await send(`POST ${maps}`, { metadata: { name: "held", finalizers: ["a.example/b"] } });
      await send(`DELETE ${maps}/held`);
      const { message } = await send(`POST ${maps}`, { metadata: { name: "held" } });
      expect(message).toBe('object is being deleted: configmaps "held" already exists');
      await send(`PATCH ${maps}/held`, { metadata: { finalizers: null } }, merge);
      const query =
        "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999999";
      const future = await send(`GET ${maps}?${query}`);
      expect([future.status, future.json]).toMatchObject([
        200,
        {
          type: "ERROR",
          object: { reason: "Timeout", details: { causes: [{ reason: "ResourceVersionTooLarge" }] } },
        },
      ]);
      const { json } = await send(`POST ${maps}?dryRun=All`, { metadata: { generateName: "g".repeat(70) } });
      expect((json["metadata"] as { name: string }).name).toMatch(/^g{58}.{5}$/);
    }
  });

  it("checks its health one by one, and shows which paths there are", async () => {
    expect((await ours("GET /readyz?verbose")).text).toBe(
      "[+]ping ok\n[+]database ok\nreadyz check passed\n",
    );
    expect((await ours("GET /readyz?verbose&exclude=database")).text).toContain("[+]database excluded: ok\n");
    for (const send of [real, ours]) {
      const { paths } = (await send("GET /")).json;
      expect(paths).toEqual(expect.arrayContaining(["/api/v1", "/apis/fuzz.example.com", "/livez"]));
    }
  });

  it("takes nulls for what is not said, where Go does", async () => {
    const body = {
      metadata: {
        name: "nulls",
        labels: { a: null },
        generateName: null,
        managedFields: [{ subresource: null }],
      },
      data: { a: null },
      binaryData: null,
    };
    for (const send of [real, ours]) {
      const { status, message, json } = await send(`POST ${maps}?dryRun=All`, body);
      expect([status, message]).toEqual([201, "undefined"]);
      expect(json).toMatchObject({ metadata: { name: "nulls", labels: { a: "" } }, data: { a: "" } });
    }
    const event = { metadata: { name: null }, regarding: { namespace: "default" }, note: "x" };
    const path = "/apis/events.k8s.io/v1/namespaces/default/events";
    const [expected, answer] = await Promise.all([real(`POST ${path}`, event), ours(`POST ${path}`, event)]);
    expect([answer.status, answer.reason]).toEqual([expected.status, expected.reason]);
  });

  it("reads plain YAML as Go does", async () => {
    const spec = "{holderIdentity: x, leaseDurationSeconds: 010, leaseTransitions: 1_000}";
    const yaml = `metadata: {name: octal}\nspec: ${spec}\n`;
    for (const send of [real, ours]) {
      const { json, message } = await send(`POST ${leases}?dryRun=All`, yaml, "application/yaml");
      expect(json["spec"], message).toMatchObject({ leaseDurationSeconds: 8, leaseTransitions: 1000 });
      const map = "metadata: {name: yes1}\nimmutable: on\n";
      const { json: made } = await send(`POST ${maps}?dryRun=All`, map, "application/yaml");
      expect(made["immutable"]).toBe(true);
    }
  });

  it("takes the options of a deletion from the body alone where there is one", async () => {
    for (const send of [real, ours]) {
      await send(`POST ${maps}`, { metadata: { name: "goes" } });
      const kept = await send(`DELETE ${maps}/goes?dryRun=All`);
      expect(kept.status).toBe(200);
      expect((await send(`GET ${maps}/goes`)).status).toBe(200);
      await send(`DELETE ${maps}/goes?dryRun=All`, { kind: "DeleteOptions", apiVersion: "v1" });
      expect((await send(`GET ${maps}/goes`)).status).toBe(404);
    }
  });

  it("names the field", async () => {
    const { message } = await ours(`POST ${leases}`, { ...named, spec: { leaseDurationSeconds: "x" } });
    expect(message).toBe(
      'Lease in version "v1" cannot be handled as a Lease: json: cannot unmarshal string into Go struct field Lease.spec.leaseDurationSeconds of type int32',
    );
  });

  it("takes base64 in lines, as kube-apiserver does", async () => {
    const secret = { metadata: { name: "lines" }, data: { a: "YWJj\nZGVm" } };
    for (const send of [real, ours]) {
      const { json } = await send("POST /api/v1/namespaces/default/secrets", secret);
      expect(json["data"]).toEqual({ a: "YWJjZGVm" });
    }
  });
});
