/** What a kube-apiserver 1.36.3 answered to the same requests: found by sending both the same, kept where they differed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { definitionOf } from "./definition.ts";
import { eventually } from "./drover.ts";
import { startLocal } from "./local.ts";
import type { Local } from "./local.ts";
import { openStream, restOf } from "./rest.ts";
import type { Ask, Json, Reply } from "./rest.ts";

const maps = "/api/v1/namespaces/lab/configmaps";
const group = "alike.example.com";
const widgets = `/apis/${group}/v1/widgets`;
const definition = definitionOf({
  group,
  scope: "Cluster",
  names: { plural: "widgets", kind: "Widget" },
  spec: { type: "object", properties: { a: { type: "string" } } },
});

describe("the management store answers as a kube-apiserver", () => {
  let local: Local;
  let ask: (line: string, more?: Ask) => Promise<Reply>;
  const cm = (name: string, more: object = {}, metadata: object = {}): object => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...metadata },
    ...more,
  });
  const widget = (name: string, more: object = {}): object => ({
    apiVersion: `${group}/v1`,
    kind: "Widget",
    metadata: { name },
    ...more,
  });
  const merge = { "content-type": "application/merge-patch+json" };
  /** Status and the causes' fields: `422 Invalid metadata.name`. */
  const refusal = ({ status, json }: Reply): string => {
    const { causes = [] } = (json["details"] ?? {}) as { causes?: { field: string }[] };
    return [status, json["reason"], ...causes.map(({ field }) => field)].join(" ");
  };
  const metadataOf = ({ json }: Reply): Json => json["metadata"] as Json;

  beforeAll(async () => {
    local = await startLocal();
    const { token } = local.admin;
    const rest = restOf(local.drover);
    ask = (line, more = {}) => rest(line, { token, ...more });
    await ask("POST /api/v1/namespaces", {
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "lab" } },
    });
    await ask("POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: definition });
  }, 900_000);
  afterAll(() => local?.stop(), 60_000);

  it("keeps of Kubernetes' own types what Go keeps, and counts no generation", async () => {
    const made = await ask(`POST ${maps}`, {
      body: cm(
        "go",
        { data: { a: null, b: "1" }, binaryData: {} },
        { labels: {}, annotations: { x: null }, finalizers: [] },
      ),
    });
    expect(made.status).toBe(201);
    expect(made.json["data"]).toEqual({ a: "", b: "1" });
    expect(made.json).not.toHaveProperty("binaryData");
    expect(Object.keys(metadataOf(made)).toSorted()).toEqual([
      "annotations",
      "creationTimestamp",
      "managedFields",
      "name",
      "namespace",
      "resourceVersion",
      "uid",
    ]);
    const spaces = await ask("GET /api/v1/namespaces/lab");
    expect(JSON.stringify(metadataOf(spaces)["managedFields"])).not.toContain("f:finalizers");
    const lease = await ask("POST /apis/coordination.k8s.io/v1/namespaces/lab/leases", {
      body: {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "l" },
        spec: { holderIdentity: "a" },
      },
    });
    expect(metadataOf(lease)["managedFields"]).toMatchObject([
      { fieldsV1: { "f:spec": { "f:holderIdentity": {} } } },
    ]);
    expect(JSON.stringify(metadataOf(lease)["managedFields"])).not.toContain('"."');
  });

  it.each([
    ["a number where text stands", { data: { a: 1 } }],
    ["base64 that is none", { binaryData: { a: "!!" } }],
    ["another kind", { kind: "Secret" }],
  ])("takes %s for a bad request", async (_what, more) => {
    expect(refusal(await ask(`POST ${maps}`, { body: cm("bad", more) }))).toBe("400 BadRequest");
  });

  it.each([
    ["GET", `${maps}?resourceVersionMatch=Exact`, "ListOptions", "resourceVersionMatch"],
    ["POST", `${maps}?dryRun=Some`, "CreateOptions", "dryRun"],
    ["POST", `${maps}?fieldValidation=Some`, "CreateOptions", "fieldValidation"],
    ["PUT", `${maps}/go?dryRun=Some`, "UpdateOptions", "dryRun"],
    ["DELETE", `${maps}/go?propagationPolicy=Some`, "DeleteOptions", "propagationPolicy"],
  ])("refuses odd options of %s %s as %s", async (method, path, kind, field) => {
    const body = method === "POST" || method === "PUT" ? { body: cm("go") } : {};
    const answer = await ask(`${method} ${path}`, body);
    expect(refusal(answer)).toBe(`422 Invalid ${field}`);
    expect(answer.json["details"]).toMatchObject({ group: "meta.k8s.io", kind });
  });

  it("refuses what no grace period is, and methods on all namespaces", async () => {
    expect(refusal(await ask(`DELETE ${maps}/go?gracePeriodSeconds=x`))).toBe("400 BadRequest");
    expect(refusal(await ask("POST /api/v1/configmaps", { body: cm("x") }))).toBe("405 MethodNotAllowed");
    expect(refusal(await ask("DELETE /api/v1/configmaps"))).toBe("405 MethodNotAllowed");
  });

  it("takes less than nothing for no limit, and revision 0 of a PUT for none", async () => {
    const all = (await ask(`GET ${maps}`)).json["items"] as unknown[];
    expect((await ask(`GET ${maps}?limit=-1`)).json["items"]).toHaveLength(all.length);
    expect((await ask(`PUT ${maps}/go`, { body: cm("go", {}, { resourceVersion: "0" }) })).status).toBe(200);
  });

  it("says of a patch what is wrong with it, without showing what it patched", async () => {
    const path = `PATCH ${maps}/go`;
    const patch = (body: unknown, query = "") => ask(`${path}${query}`, { headers: merge, body });
    expect(refusal(await patch({ metadata: { uid: "other" } }))).toBe("422 Invalid metadata.uid");
    const unknown = await patch({ foo: 1 }, "?fieldValidation=Strict");
    expect(refusal(unknown)).toBe("422 Invalid patch");
    expect(unknown.json["message"]).toContain('strict decoding error: unknown field "foo"');
    expect(refusal(await patch({ kind: "Secret" }))).toBe("422 Invalid patch");
    expect(refusal(await patch({ data: [] }))).toBe("422 Invalid patch");
    expect(metadataOf(await patch({ metadata: { managedFields: [] } }))).not.toHaveProperty("managedFields");
    expect(refusal(await patch({ metadata: { namespace: "default" } }))).toBe("400 BadRequest");
    const headers = { "content-type": "application/json-patch+json" };
    const body = [{ op: "add", path: "/data", value: { a: "1" }, foo: 1 }];
    const warned = await ask(path, { headers, body });
    expect(warned.headers["warning"]).toBe(String.raw`299 - "json patch unknown field \"[0].foo\""`);
    expect(refusal(await ask(`${path}?fieldValidation=Strict`, { headers, body }))).toBe("422 Invalid patch");
  });

  it("answers the write that lets a deleted object go with what it was then", async () => {
    await ask(`POST ${maps}`, { body: cm("held", {}, { finalizers: ["a.example/b"] }) });
    expect((await ask(`DELETE ${maps}/held`)).status).toBe(200);
    const last = await ask(`PATCH ${maps}/held`, {
      headers: merge,
      body: { metadata: { finalizers: null } },
    });
    expect(last.status).toBe(200);
    expect(metadataOf(last)).not.toHaveProperty("finalizers");
    expect(metadataOf(last)).toHaveProperty("managedFields");
    expect((await ask(`GET ${maps}/held`)).status).toBe(404);
  });

  it("deletes of a collection no more than the limit, and says where to go on", async () => {
    for (const name of ["d0", "d1", "d2"])
      await ask(`POST ${maps}`, { body: cm(name, {}, { labels: { drop: "yes" } }) });
    const some = `${maps}?labelSelector=drop%3Dyes&limit=2`;
    const first = await ask(`DELETE ${some}`);
    expect(first.json["items"]).toHaveLength(2);
    const { continue: next } = metadataOf(first) as { continue: string };
    const second = await ask(`DELETE ${some}&continue=${encodeURIComponent(next)}`);
    expect(second.json["items"]).toMatchObject([{ metadata: { name: "d2" } }]);
    expect(metadataOf(second)).not.toHaveProperty("continue");
  });

  it("says what it refuses in YAML where that was asked for, and with warnings", async () => {
    const absent = await ask(`GET ${maps}/absent`, { headers: { accept: "application/yaml" } });
    expect([absent.status, absent.headers["content-type"]]).toEqual([404, "application/yaml"]);
    expect(absent.text).toContain("reason: NotFound");
    const refused = await ask(`POST ${maps}`, { body: { ...cm("Bad_Name"), foo: 1 } });
    expect([refused.status, refused.headers["warning"]]).toEqual([
      422,
      String.raw`299 - "unknown field \"foo\""`,
    ]);
  });

  it("gives a Lease its spec and a Namespace no time to stop, and notes nobody for finalize", async () => {
    const leases = "/apis/coordination.k8s.io/v1/namespaces/lab/leases";
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "bare" } };
    expect((await ask(`POST ${leases}`, { body: lease })).json["spec"]).toEqual({});
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: "brief" } };
    await ask("POST /api/v1/namespaces", { body });
    const finalized = await ask("PUT /api/v1/namespaces/brief/finalize", {
      body: { ...body, spec: { finalizers: ["kubernetes", "a.example/b"] } },
    });
    expect(JSON.stringify(metadataOf(finalized)["managedFields"])).not.toContain("finalize");
    const going = await ask("DELETE /api/v1/namespaces/brief");
    expect(metadataOf(going)).toHaveProperty("deletionTimestamp");
    expect(metadataOf(going)).not.toHaveProperty("deletionGracePeriodSeconds");
    await ask("PUT /api/v1/namespaces/brief/finalize", { body: { ...body, spec: { finalizers: [] } } });
  });

  it("selects Secrets by type, and freezes immutable ones", async () => {
    const secrets = "/api/v1/namespaces/lab/secrets";
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, type: "", immutable: true };
    const made = await ask(`POST ${secrets}`, { body: { ...secret, stringData: { a: "1" } } });
    expect(made.json["type"]).toBe("Opaque");
    const found = await ask(`GET ${secrets}?fieldSelector=type%3DOpaque`);
    expect(found.json["items"]).toMatchObject([{ metadata: { name: "s" } }]);
    expect((await ask(`GET ${secrets}?fieldSelector=type%3Dother`)).json["items"]).toEqual([]);
    const changed = await ask(`PATCH ${secrets}/s`, { headers: merge, body: { data: { a: "Mg==" } } });
    expect(changed.json["message"]).toContain("data: Forbidden: field is immutable when `immutable` is set");
  });

  it("lets no Secret go whose Roles would stay behind (Rancher's webhook)", async () => {
    const secrets = "/api/v1/namespaces/lab/secrets";
    const body = { apiVersion: "v1", kind: "Secret", metadata: { name: "owner" } };
    const { uid } = metadataOf(await ask(`POST ${secrets}`, { body }));
    const orphan = `DELETE ${secrets}/owner?propagationPolicy=Orphan`;
    expect((await ask(`${orphan}&dryRun=All`)).status).toBe(200);
    const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "owner", uid }];
    await ask("POST /apis/rbac.authorization.k8s.io/v1/namespaces/lab/roles", {
      body: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "owned", ownerReferences },
        rules: [],
      },
    });
    expect(refusal(await ask(orphan))).toBe("422 Invalid metadata");
    expect((await ask(`DELETE ${secrets}/owner`)).status).toBe(200);
  });

  it("names custom objects as hosts are named, and warns of finalizers without a domain", async () => {
    expect(refusal(await ask(`POST ${widgets}`, { body: widget("Bad") }))).toBe("422 Invalid metadata.name");
    expect(refusal(await ask(`POST ${widgets}`, { body: widget("w", { kind: "Other" }) }))).toBe(
      "422 Invalid kind",
    );
    expect(refusal(await ask(`POST ${widgets}`, { body: { metadata: { name: "w" } } }))).toBe(
      "400 BadRequest",
    );
    const made = await ask(`POST ${widgets}`, {
      body: { ...widget("w"), metadata: { name: "w", finalizers: ["bad"], labels: {} } },
    });
    expect(made.status).toBe(201);
    expect(made.headers["warning"]).toContain("prefer a domain-qualified finalizer name");
    expect(metadataOf(made)).toMatchObject({ generation: 1 });
    expect(metadataOf(made)).not.toHaveProperty("labels");
    await ask(`PATCH ${widgets}/w`, { headers: merge, body: { metadata: { finalizers: null } } });
  });

  it("ends watches of a type when its definition changes, and when it goes", async () => {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`;
    const watch = async () => {
      const headers = { authorization: `Bearer ${local.admin.token}` };
      const { incoming } = await openStream(local.drover, `${widgets}?watch=true`, headers);
      let lines = "";
      incoming.on("data", (chunk: Buffer) => (lines += chunk.toString()));
      const ended = new Promise<string>((resolve, reject) => {
        incoming.on("end", () => resolve(lines));
        incoming.on("error", reject);
      });
      await eventually("the watch", 10_000, () => (lines.includes('"w"') ? true : undefined));
      return { ended };
    };
    const first = await watch();
    const properties = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b";
    await ask(`PATCH ${path}`, {
      headers: { "content-type": "application/json-patch+json" },
      body: [{ op: "add", path: properties, value: { type: "string" } }],
    });
    expect(await first.ended).toContain('"ADDED"');
    const second = await watch();
    await ask(`DELETE ${path}`);
    expect(await second.ended).toContain('"DELETED"');
  });
});
