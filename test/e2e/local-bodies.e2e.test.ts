/**
 * Bodies and options that do not fit (issue 4, requirement 3): Drover refuses what a real kube-apiserver refuses, with the same
 * code and reason and about the same fields. Each request goes to both.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { startApiServer } from "../testbed/api-server.ts";
import { definitionOf } from "./definition.ts";
import { eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import { restAt, restOf } from "./rest.ts";
import type { Reply, Rest } from "./rest.ts";

const password = "bodies passphrase";
const maps = "/api/v1/namespaces/default/configmaps";
const foos = "/apis/fuzz.example.com/v1/namespaces/default/foos";
const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const merge = "application/merge-patch+json";
const named = { metadata: { name: "a" } };

interface Answer {
  readonly status: number;
  readonly reason: unknown;
  /** Fields and reasons. Go has no order of them. */
  readonly causes: unknown;
  readonly message: string;
  readonly json: Readonly<Record<string, unknown>>;
}

type Send = (line: string, body?: unknown, type?: string) => Promise<Answer>;

/** `path`: what all paths begin with. */
function sender(rest: Rest, path = "", token?: string): Send {
  return async (line, body, type = "application/json") => {
    const sent = body === undefined ? {} : { body, headers: { "content-type": type } };
    const named = line.replace(" ", ` ${path}`);
    return answerOf(await rest(named, { ...sent, ...(token === undefined ? {} : { token }) }));
  };
}

function answerOf({ status, json }: Reply): Answer {
  const details = json["details"] as { causes?: { reason: string; field: string }[] } | undefined;
  const causes = details?.causes?.map(({ reason, field }) => `${field}: ${reason}`).toSorted();
  return { status, reason: json["reason"], causes, message: String(json["message"]), json };
}

/** As the administrator of a kubeconfig with a client certificate. */
function senderOf(kubeconfig: string): Send {
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as {
    clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
    users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
  };
  const { cluster } = clusters[0] ?? {};
  const { user } = users[0] ?? {};
  const pem = (data = ""): string => Buffer.from(data, "base64").toString();
  const { hostname: host, port } = new URL(cluster?.server ?? "");
  const rest = restAt({
    host,
    port,
    ca: pem(cluster?.["certificate-authority-data"]),
    cert: pem(user?.["client-certificate-data"]),
    key: pem(user?.["client-key-data"]),
  });
  return sender(rest);
}

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
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for (const send of [real, ours]) {
      await send(`POST ${crds}`, definition);
      await eventually("namespace and type are there", 60_000, async () => {
        const made = await send(`POST ${foos}?dryRun=All`, foo({}));
        return made.status === 201 ? made : undefined;
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
    [
      "a JSON patch",
      `PATCH ${maps}/there`,
      [{ op: "replace", path: "/data/a", value: 1 }],
      "application/json-patch+json",
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
    ["another uid of many", `DELETE ${maps}`, { preconditions: { uid: "another" } }],
    ["another revision of many", `DELETE ${maps}`, { preconditions: { resourceVersion: "1" } }],
  ])("refuses %s as kube-apiserver does", async (_what, ...request) => {
    const [expected, answer] = await Promise.all([real(...request), ours(...request)]);
    expect(expected.status, expected.message).toBeGreaterThanOrEqual(400);
    const { message: _e, json: _ej, ...wanted } = expected;
    const { message, json: _aj, ...given } = answer;
    expect(given, `${message}\nkube-apiserver: ${expected.message}`).toEqual(wanted);
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
