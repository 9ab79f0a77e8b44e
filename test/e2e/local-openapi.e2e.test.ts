/** OpenAPI v2 of the management store (issue 4, requirement 1): for client-go's OpenAPISchema, and kubectl of old. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildClientGo, startClientGo } from "../clientgo/clientgo.ts";
import type { PeerEvent } from "../peers/peers.ts";
import { kubectlVersion } from "../testbed/build.ts";
import { runKubectl } from "../testbed/kubectl.ts";
import { definitionOf } from "./definition.ts";
import { eventually } from "./drover.ts";
import { kubectlOf, startLocal } from "./local.ts";
import type { Local } from "./local.ts";
import { restOf } from "./rest.ts";
import type { Rest } from "./rest.ts";

const protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

describe("OpenAPI v2 of the management store", () => {
  let local: Local;
  let token: string;
  let rest: Rest;
  let clientGo: string;
  let newest: string;
  let oldest: string;

  const kubectl = async (program: string, args: readonly string[], input?: string): Promise<string> => {
    const { kubectl: call } = kubectlOf(() => ({ ...local, kubectl: program }));
    return call(args, input === undefined ? {} : { input });
  };
  const readByGo = async (): Promise<PeerEvent & { kinds: Record<string, string> }> => {
    const client = startClientGo(clientGo, "openapi", local.kubeconfig);
    try {
      return (await client.next("openapi", 30_000)) as PeerEvent & { kinds: Record<string, string> };
    } finally {
      await client.stop();
    }
  };
  const get = (accept: string, headers: Record<string, string> = {}) =>
    rest("GET /openapi/v2", { token, headers: { accept, ...headers } });

  beforeAll(async () => {
    const onProgress = (line: string): void => console.error(line);
    [local, clientGo] = await Promise.all([startLocal(), buildClientGo(onProgress)]);
    oldest = await kubectlVersion("1.27", { onProgress });
    newest = local.kubectl;
    ({ token } = local.admin);
    rest = restOf(local.drover);
  }, 900_000);

  afterAll(async () => {
    await local?.stop();
  }, 60_000);

  it("is read by client-go, says the same in protobuf as in JSON, and gives Kubernetes' models of every type", async () => {
    const found = await readByGo();
    expect(found).toMatchObject({
      same: true,
      kinds: {
        "/v1, Kind=ConfigMap": "io.k8s.api.core.v1.ConfigMap",
        "/v1, Kind=SecretList": "io.k8s.api.core.v1.SecretList",
        "management.cattle.io/v3, Kind=Cluster": "io.cattle.management.v3.Cluster",
        "authentication.k8s.io/v1, Kind=TokenRequest": "io.k8s.authentication.v1.TokenRequest",
      },
    });
    const lines = (await kubectl(newest, ["api-resources", "--no-headers"])).trim().split("\n");
    const kinds = lines.map((line) => {
      const [apiVersion = "", , kind = ""] = line.split(/\s+/).slice(-3);
      return apiVersion.includes("/") ? `${apiVersion}, Kind=${kind}` : `/${apiVersion}, Kind=${kind}`;
    });
    expect(kinds.length).toBeGreaterThan(50);
    expect(Object.keys(found.kinds)).toEqual(expect.arrayContaining(kinds));
  });

  it("has a type of a user's as soon as it is made", async () => {
    const crd = definitionOf({
      group: "demo.example.com",
      names: { plural: "gadgets", singular: "gadget", kind: "Gadget" },
      spec: {
        type: "object",
        required: ["size"],
        properties: {
          size: { type: "integer", minimum: 1, maximum: 9.5 },
          port: { "x-kubernetes-int-or-string": true },
          note: { type: "string", nullable: true },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          tags: { type: "object", additionalProperties: { type: "string", enum: ["a", "b"] } },
        },
      },
    });
    await kubectl(newest, ["create", "-f", "-"], JSON.stringify(crd));
    const found = await eventually("the type is published", 15_000, async () => {
      const seen = await readByGo();
      return seen.kinds["demo.example.com/v1, Kind=Gadget"] === undefined ? undefined : seen;
    });
    expect(found["same"]).toBe(true);
    const { json } = await get("application/json");
    const { "com.example.demo.v1.Gadget": gadget } = json["definitions"] as Record<string, unknown>;
    expect(gadget).toMatchObject({
      type: "object",
      properties: {
        metadata: { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" },
        spec: {
          type: "object",
          required: ["size"],
          properties: {
            size: { type: "integer", minimum: 1, maximum: 9.5 },
            port: { "x-kubernetes-int-or-string": true },
            note: {},
            free: { "x-kubernetes-preserve-unknown-fields": true },
            tags: { type: "object", additionalProperties: { type: "string", enum: ["a", "b"] } },
          },
        },
      },
    });
    expect(JSON.stringify(json)).not.toContain("components/schemas");
    expect(await kubectl(oldest, ["explain", "gadgets.spec", "--output=plaintext-openapiv2"])).toMatch(
      /size\s+<integer> -required-/,
    );
  });

  it("explains, validates and applies with a kubectl of old", async () => {
    const all = await kubectl(oldest, [
      "explain",
      "configmaps",
      "--recursive",
      "--output=plaintext-openapiv2",
    ]);
    expect(all).toMatch(/binaryData\s+<map\[string\]string>/);
    expect(all).toMatch(/ownerReferences\s+<\[\]Object>/);
    const manifest = (data: object): string =>
      JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "old" }, ...data });
    await kubectl(oldest, ["create", "namespace", "old"]);
    await kubectl(oldest, ["-n", "old", "apply", "-f", "-"], manifest({ data: { a: "1" } }));
    const command = { ...local, kubectl: oldest };
    const refused = await runKubectl(command, ["-n", "old", "apply", "--validate=strict", "-f", "-"], {
      input: manifest({ dta: { a: "1" } }),
    });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('unknown field "dta"');
  });

  it("is kept by its tag, and comes in the form that is asked for", async () => {
    const json = await get("application/json");
    expect(json).toMatchObject({ status: 200, json: { swagger: "2.0" } });
    const { etag = "" } = json.headers;
    const binary = await get(protobuf, { "if-none-match": "" });
    expect(binary.headers).toMatchObject({
      etag,
      vary: expect.stringContaining("Accept") as string,
      "content-type": "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    });
    for (const accept of ["application/json", protobuf])
      expect((await get(accept, { "if-none-match": etag })).status).toBe(304);
    expect((await get("*/*")).headers["content-type"]).toBe("application/json");
    expect((await get("text/html")).status).toBe(406);
    expect((await rest("GET /openapi/v2", {})).status).toBe(401);
  });
});
