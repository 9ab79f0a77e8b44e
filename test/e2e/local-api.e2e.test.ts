/** The management store as a Kubernetes API (issue 4), by plain HTTP: what kubectl does not show. */
import { request } from "node:https";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callJson, eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Connection, Drover } from "./drover.ts";
import { openStream, restOf } from "./rest.ts";
import type { Ask, Reply } from "./rest.ts";

const password = "local http passphrase";
const maps = "/api/v1/namespaces/lab/configmaps";

interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion: string;
      readonly annotations?: Record<string, string>;
    };
    readonly rows?: readonly { readonly cells: readonly unknown[] }[];
    readonly columnDefinitions?: readonly unknown[] | null;
    readonly code?: number;
    readonly data?: Record<string, string>;
  };
}

describe("the management store by HTTP", () => {
  let drover: Drover;
  let admin: Connection & { token: string };
  let ask: (line: string, more?: Ask) => Promise<Reply>;

  const cm = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, labels },
    data,
  });
  const create = async (name: string, data?: Record<string, string>, labels?: Record<string, string>) => {
    const made = await ask(`POST ${maps}`, { body: cm(name, data, labels) });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    return made.json as { metadata: { resourceVersion: string; uid: string } };
  };

  /** A watch: its events so far, and whether it has ended. */
  async function watch(path: string, accept = "application/json") {
    const { incoming, stop } = await openStream(drover, path, {
      authorization: `Bearer ${admin.token}`,
      accept,
    });
    const events: WatchEvent[] = [];
    const ended = new Promise((resolve) => incoming.on("close", resolve));
    // Lines by hand: a line reader would pass on the error of a stream that the test cuts.
    incoming.on("error", () => undefined);
    let rest = "";
    incoming.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      events.push(...lines.map((line) => JSON.parse(line) as WatchEvent));
    });
    return {
      events,
      ended,
      stop,
      until: (count: number) =>
        eventually(`${count} events`, 10_000, () => (events.length >= count ? true : undefined)),
      seen: () => events.map(({ type, object }) => `${type} ${object.metadata.name ?? ""}`.trim()),
    };
  }

  beforeAll(async () => {
    drover = await startDrover({ args: ["--bootstrap-password", password] });
    admin = await loginAs(drover, "admin", password);
    const rest = restOf(drover);
    ask = (line, more = {}) => rest(line, { token: admin.token, ...more });
    const made = await ask("POST /api/v1/namespaces", { body: { metadata: { name: "lab" } } });
    expect(made.status).toBe(201);
  }, 120_000);

  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
  }, 60_000);

  describe("documents", () => {
    it("are the same below /k8s/clusters/local and at the root, for whoever has a token, and nobody else", async () => {
      for (const path of ["/api", "/apis", "/apis/management.cattle.io/v3", "/version"]) {
        const [below, root] = [await ask(`GET /k8s/clusters/local${path}`), await ask(`GET ${path}`)];
        expect([path, below.status, below.text]).toEqual([path, 200, root.text]);
        const stranger = await restOf(drover)(`GET ${path}`);
        expect([path, stranger.status, stranger.json["kind"]]).toEqual([path, 401, "Status"]);
      }
    });

    it("answer 304 to a client that has the aggregated document", async () => {
      const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
      const first = await ask("GET /apis", { headers: { accept } });
      expect(first.json["kind"]).toBe("APIGroupDiscoveryList");
      const again = await ask("GET /apis", {
        headers: { accept, "if-none-match": first.headers["etag"] ?? "" },
      });
      expect([again.status, again.text]).toEqual([304, ""]);
    });

    it("say for every PATCH that unknown fields are judged", async () => {
      const { paths } = (await ask("GET /openapi/v3")).json as {
        paths: Record<string, { serverRelativeURL: string }>;
      };
      expect(Object.keys(paths)).toContain("apis/management.cattle.io/v3");
      for (const { serverRelativeURL } of Object.values(paths)) {
        const document = (await ask(`GET ${serverRelativeURL}`)).json as {
          paths: Record<string, { patch?: { parameters: { name: string }[] } }>;
        };
        for (const [path, { patch }] of Object.entries(document.paths)) {
          if (patch !== undefined)
            expect([path, patch.parameters.map(({ name }) => name)]).toEqual([
              path,
              expect.arrayContaining(["fieldValidation", "dryRun", "fieldManager", "force"]),
            ]);
        }
      }
    });
  });

  describe("lists", () => {
    it("go on at the revision of their first chunk, whatever was written since", async () => {
      for (const name of ["l1", "l2", "l3", "l4"]) await create(name, {}, { list: "yes" });
      const query = "labelSelector=list%3Dyes&limit=2";
      const first = (await ask(`GET ${maps}?${query}`)).json as {
        metadata: { continue: string; resourceVersion: string };
        items: { metadata: { name: string } }[];
      };
      expect(first.items.map(({ metadata }) => metadata.name)).toEqual(["l1", "l2"]);
      await ask(`DELETE ${maps}/l3`);
      await create("l35", {}, { list: "yes" });
      const second = (await ask(`GET ${maps}?${query}&continue=${first.metadata.continue}`))
        .json as typeof first;
      expect(second.items.map(({ metadata }) => metadata.name)).toEqual(["l3", "l4"]);
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      expect(second.metadata.continue).toBeUndefined();
      const exact = (
        await ask(
          `GET ${maps}?labelSelector=list&resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`,
        )
      ).json as typeof first;
      expect(exact.items.map(({ metadata }) => metadata.name)).toEqual(["l1", "l2", "l3", "l4"]);
    });

    it("count what remains where no selector hides it", async () => {
      const { json } = await ask("GET /apis/management.cattle.io/v3/settings?limit=1");
      const { metadata } = json as { metadata: { remainingItemCount: number } };
      const all = (await ask("GET /apis/management.cattle.io/v3/settings")).json as { items: unknown[] };
      expect(metadata.remainingItemCount).toBe(all.items.length - 1);
    });

    it.each([
      ["labelSelector=a%3D%3D%3Db", 400],
      ["fieldSelector=spec.nope%3D1", 400],
      ["continue=nonsense", 400],
      ["resourceVersion=x", 400],
      ["limit=x", 400],
      ["resourceVersionMatch=Exact", 422],
      ["resourceVersion=0&resourceVersionMatch=Exact", 422],
      ["sendInitialEvents=true", 422],
      ["resourceVersion=999999999", 504],
    ])("refuse ?%s with %i", async (query, status) => {
      const answer = await ask(`GET ${maps}?${query}`);
      expect([answer.status, answer.json["kind"], answer.json["code"]]).toEqual([status, "Status", status]);
    });

    it("come as table, as metadata, as YAML, indented, and compressed", async () => {
      await create("forms", { a: "x".repeat(200_000) });
      const only = `${maps}?fieldSelector=metadata.name%3Dforms`;
      const table = await ask(`GET ${only}`, {
        headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
      });
      expect(table.json).toMatchObject({
        kind: "Table",
        rows: [{ cells: ["forms", 1, expect.any(String)], object: { kind: "PartialObjectMetadata" } }],
      });
      const partial = await ask(`GET ${only}`, {
        headers: { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" },
      });
      expect(partial.json).toMatchObject({
        kind: "PartialObjectMetadataList",
        items: [{ metadata: { name: "forms" } }],
      });
      const yaml = await ask(`GET ${maps}/forms`, { headers: { accept: "application/yaml" } });
      expect(yaml.text).toContain("kind: ConfigMap\n");
      expect((await ask(`GET ${maps}/forms?pretty=true`)).text).toContain('\n  "kind": "ConfigMap"');
      const packed = await new Promise<Buffer>((resolve, reject) => {
        const headers = { authorization: `Bearer ${admin.token}`, "accept-encoding": "gzip" };
        request({ host: "localhost", port: drover.port, ca: drover.ca, path: only, headers }, (incoming) => {
          expect(incoming.headers["content-encoding"]).toBe("gzip");
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("end", () => resolve(Buffer.concat(chunks)));
          incoming.on("error", reject);
        }).end();
      });
      expect(packed.length).toBeLessThan(10_000);
      expect(JSON.parse(gunzipSync(packed).toString())).toMatchObject({
        items: [{ metadata: { name: "forms" } }],
      });
      expect((await ask(`GET ${maps}`, { headers: { accept: "application/xml" } })).status).toBe(406);
    });
  });

  describe("writes", () => {
    it("keep to the version that they name, and to the uid", async () => {
      const { metadata } = await create("versions", { v: "1" });
      const stale = { ...cm("versions", { v: "x" }), metadata: { name: "versions", resourceVersion: "1" } };
      const refused = await ask(`PUT ${maps}/versions`, { body: stale });
      expect([refused.status, refused.json["reason"], refused.json["details"]]).toEqual([
        409,
        "Conflict",
        { name: "versions", kind: "configmaps" },
      ]);
      expect(
        (await ask(`DELETE ${maps}/versions`, { body: { preconditions: { uid: "other" } } })).status,
      ).toBe(409);
      const gone = await ask(`DELETE ${maps}/versions`, {
        body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: metadata.uid } },
      });
      expect(gone.json).toMatchObject({
        status: "Success",
        details: { name: "versions", kind: "configmaps", uid: metadata.uid },
      });
      const absent = await ask(`GET ${maps}/versions`);
      expect(absent.json).toMatchObject({
        status: "Failure",
        reason: "NotFound",
        message: 'configmaps "versions" not found',
        details: { name: "versions", kind: "configmaps" },
        code: 404,
      });
    });

    it("want the version on an update of a custom type", async () => {
      const path = "/apis/management.cattle.io/v3/settings/ui-pl";
      const { json } = await ask(`GET ${path}`);
      const { metadata, ...rest } = json as { metadata: Record<string, unknown> };
      const { resourceVersion: _, ...without } = metadata;
      const refused = await ask(`PUT ${path}`, { body: { ...rest, metadata: without } });
      expect([refused.status, refused.text]).toEqual([
        422,
        expect.stringContaining("metadata.resourceVersion"),
      ]);
      expect((await ask(`PUT ${path}`, { body: json })).status).toBe(200);
    });

    it("give generated names, and store nothing in a dry run", async () => {
      const made = await ask(`POST ${maps}`, { body: { metadata: { generateName: "gen-" } } });
      expect((made.json as { metadata: { name: string } }).metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
      const dry = await ask(`POST ${maps}?dryRun=All`, { body: cm("dry") });
      expect([dry.status, (await ask(`GET ${maps}/dry`)).status]).toEqual([201, 404]);
      const twice = await ask(`POST ${maps}?dryRun=All`, { body: cm("forms") });
      expect(twice.json["reason"]).toBe("AlreadyExists");
    });

    it("warn of unknown and doubled fields, or refuse them where that is asked for", async () => {
      const body = '{"metadata":{"name":"odd","labels":{"a":"1","a":"2"}},"dta":{}}';
      const strict = await ask(`POST ${maps}?fieldValidation=Strict`, { body });
      expect([strict.status, strict.json["message"]]).toEqual([
        400,
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta", duplicate field "metadata.labels.a"',
      ]);
      const warned = await ask(`POST ${maps}`, { body });
      expect([warned.status, warned.headers["warning"]]).toEqual([
        201,
        String.raw`299 - "unknown field \"dta\"", 299 - "duplicate field \"metadata.labels.a\""`,
      ]);
      const silent = await ask(`PUT ${maps}/odd?fieldValidation=Ignore`, { body });
      expect([silent.status, silent.headers["warning"]]).toEqual([200, undefined]);
      expect(silent.json["dta"]).toBeUndefined();
    });

    it.each<[string, string, unknown, Record<string, string>, number]>([
      ["no JSON", maps, "{", {}, 400],
      ["a list", maps, [], {}, 400],
      ["an unknown media type", maps, "x", { "content-type": "text/plain" }, 415],
      ["another kind", maps, { kind: "Secret", metadata: { name: "x" } }, {}, 400],
      ["another version", maps, { apiVersion: "v2", metadata: { name: "x" } }, {}, 400],
      ["another namespace", maps, { metadata: { name: "x", namespace: "other" } }, {}, 400],
      ["a set resourceVersion", maps, { metadata: { name: "x", resourceVersion: "5" } }, {}, 400],
      [
        "a number too large to keep",
        maps,
        '{"metadata":{"name":"x","generation":9007199254740993}}',
        {},
        400,
      ],
      ["labels of a wrong type", maps, { metadata: { name: "x", labels: "a" } }, {}, 400],
      ["a finalizer of a wrong type", maps, { metadata: { name: "x", finalizers: [{}] } }, {}, 400],
      ["a value of a wrong type", maps, { metadata: { name: "x" }, data: { a: 1 } }, {}, 400],
      ["a bad name", maps, { metadata: { name: "X_" } }, {}, 422],
      [
        "a namespace that is not there",
        "/api/v1/namespaces/nowhere/configmaps",
        { metadata: { name: "x" } },
        {},
        404,
      ],
      ["a type that is not there", "/api/v1/namespaces/lab/pods", { metadata: { name: "x" } }, {}, 404],
      [
        "a version that is not there",
        "/apis/management.cattle.io/v9/settings",
        { metadata: { name: "x" } },
        {},
        404,
      ],
      ["more than 3 MiB", maps, { metadata: { name: "x" }, data: { a: "x".repeat(3 << 20) } }, {}, 413],
    ])("refuse %s and change nothing", async (_what, path, body, headers, status) => {
      const before = (await ask(`GET ${maps}?limit=1`)).json as { metadata: { resourceVersion: string } };
      const answer = await ask(`POST ${path}`, { body, headers });
      expect([answer.status, answer.json["kind"], answer.json["status"]]).toEqual([
        status,
        "Status",
        "Failure",
      ]);
      const after = (await ask(`GET ${maps}?limit=1`)).json as typeof before;
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    });

    it("refuse methods that make no sense, and forged continuations of a path", async () => {
      expect((await ask(`PUT ${maps}`, { body: cm("x") })).status).toBe(405);
      expect((await ask(`POST ${maps}/x`, { body: cm("x") })).status).toBe(405);
      expect((await ask(`GET ${maps}/forms/nope`)).status).toBe(404);
      expect((await ask("GET /api/v1/namespaces/lab%2Fx/configmaps")).status).toBe(404);
      expect((await ask("GET /api/v1//configmaps")).status).toBe(404);
      expect((await ask("GET /apis/authorization.k8s.io/v1/selfsubjectreviews")).status).toBe(404);
      expect((await ask("GET /apis/authentication.k8s.io/v1/selfsubjectreviews")).status).toBe(405);
    });

    it("by a browser's cookie need the CSRF token", async () => {
      const cookie = `R_SESS=${admin.token}; CSRF=abc`;
      const browser = { cookie, "user-agent": "Mozilla/5.0" };
      const post = (headers: Record<string, string>): Promise<Reply> =>
        restOf(drover)(`POST ${maps}?dryRun=All`, {
          headers: { ...browser, ...headers },
          body: cm("by-cookie"),
        });
      expect((await post({})).status).toBe(422);
      expect((await post({ "x-api-csrf": "abc" })).status).toBe(201);
    });

    it("seal Secrets at rest and show them whole", async () => {
      const path = "/api/v1/namespaces/lab/secrets";
      await ask(`POST ${path}`, { body: { metadata: { name: "s" }, stringData: { k: "hidden words" } } });
      const { json } = await ask(`GET ${path}/s`);
      expect(json["data"]).toEqual({ k: Buffer.from("hidden words").toString("base64") });
      const listed = (await ask(`GET ${path}`)).json as { items: { data: unknown }[] };
      expect(listed.items[0]?.data).toEqual(json["data"]);
    });

    it("of a token bound to another cluster never come here", async () => {
      const cluster = await callJson<{ id: string }>(admin, "POST", "/v3/clusters", { name: "bound" });
      const { token } = await callJson<{ token: string }>(admin, "POST", "/v3/tokens", {
        type: "token",
        clusterId: cluster.id,
        ttl: 60_000,
      });
      for (const path of [maps, `/k8s/clusters/local${maps}`, "/apis"])
        expect([path, (await restOf(drover)(`GET ${path}`, { token })).status]).toEqual([path, 401]);
    });

    it("nobody makes a token for a user who may do more than he", async () => {
      const role = await ask("POST /apis/management.cattle.io/v3/globalroles", {
        body: {
          kind: "GlobalRole",
          metadata: { name: "token-maker" },
          displayName: "token maker",
          rules: [{ apiGroups: ["management.cattle.io"], resources: ["tokens"], verbs: ["*"] }],
        },
      });
      expect(role.status).toBe(201);
      const user = await callJson<{ id: string }>(admin, "POST", "/v3/users", {
        username: "maker",
        password: "the maker's passphrase",
        enabled: true,
      });
      await callJson(admin, "POST", "/v3/globalrolebindings", {
        globalRoleId: "token-maker",
        userId: user.id,
      });
      const maker = await loginAs(drover, "maker", "the maker's passphrase");
      const [owner] = (await callJson<{ data: { id: string }[] }>(admin, "GET", "/v3/users?me=true")).data;
      const forge = (userId: string | undefined, name: string): Promise<Reply> =>
        restOf(drover)("POST /apis/management.cattle.io/v3/tokens", {
          token: maker.token,
          body: { kind: "Token", metadata: { name }, userId, token: "$2:AAAA:BBBB", enabled: true },
        });
      const forged = await forge(owner?.id, "token-forged");
      expect([forged.status, forged.text]).toEqual([
        422,
        expect.stringContaining("rights that you do not have"),
      ]);
      expect((await forge(user.id, "token-own")).status).toBe(201);
    });
  });

  describe("watches", () => {
    it("begin with the state, or after a revision, and bring every change once, in order", async () => {
      await create("w1", {}, { watched: "yes" });
      const state = await watch(`${maps}?watch=true&labelSelector=watched`);
      await state.until(1);
      const at = state.events[0]?.object.metadata.resourceVersion ?? "";
      const after = await watch(`${maps}?watch=true&labelSelector=watched&resourceVersion=${at}`);
      for (let index = 0; index < 20; index++) {
        await ask(`PATCH ${maps}/w1`, {
          body: { data: { n: String(index) } },
          headers: { "content-type": "application/merge-patch+json" },
        });
      }
      await ask(`DELETE ${maps}/w1`);
      await Promise.all([state.until(22), after.until(21)]);
      expect(state.seen()).toEqual([
        "ADDED w1",
        ...Array.from({ length: 20 }, () => "MODIFIED w1"),
        "DELETED w1",
      ]);
      expect(after.seen()).toEqual(state.seen().slice(1));
      expect(after.events.slice(0, 20).map(({ object }) => object.data?.["n"])).toEqual(
        Array.from({ length: 20 }, (_, index) => String(index)),
      );
      const revisions = after.events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
      state.stop();
      after.stop();
    });

    it("mark the end of the state for WatchList clients", async () => {
      await create("wl", {}, { list: "watch" });
      const listed = await watch(
        `${maps}?watch=true&labelSelector=list%3Dwatch&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      );
      await listed.until(2);
      expect(listed.seen()[0]).toBe("ADDED wl");
      expect(listed.events[1]).toMatchObject({
        type: "BOOKMARK",
        object: { kind: "ConfigMap", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
      });
      await ask(`DELETE ${maps}/wl`);
      await listed.until(3);
      expect(listed.seen()[2]).toBe("DELETED wl");
      listed.stop();
    });

    it("come as tables, with headers once, and show Secrets whole", async () => {
      const table = await watch(
        `${maps}?watch=true&fieldSelector=metadata.name%3Dt1`,
        "application/json;as=Table;v=v1;g=meta.k8s.io",
      );
      await create("t1", { a: "1" });
      await ask(`DELETE ${maps}/t1`);
      await table.until(2);
      expect(table.events.map(({ object }) => [object.kind, object.rows?.[0]?.cells[0]])).toEqual([
        ["Table", "t1"],
        ["Table", "t1"],
      ]);
      expect([
        table.events[0]?.object.columnDefinitions,
        table.events[1]?.object.columnDefinitions ?? [],
      ]).toEqual([expect.arrayContaining([expect.objectContaining({ name: "Name" })]), []]);
      table.stop();
      const secrets = "/api/v1/namespaces/lab/secrets";
      const sealed = await watch(`${secrets}?watch=true&fieldSelector=metadata.name%3Dws`);
      await ask(`POST ${secrets}`, { body: { metadata: { name: "ws" }, stringData: { k: "v" } } });
      await sealed.until(1);
      expect(sealed.events[0]?.object.data).toEqual({ k: Buffer.from("v").toString("base64") });
      expect(Object.keys(sealed.events[0] ?? {})).toEqual(["type", "object"]);
      sealed.stop();
    });

    it("end at their timeout", async () => {
      const short = await watch(`${maps}?watch=true&timeoutSeconds=1&resourceVersion=0&labelSelector=none`);
      await short.ended;
      expect(short.events).toEqual([]);
    });

    it("of a client that left hold nothing: a thousand in a row", async () => {
      for (let round = 0; round < 20; round++) {
        const opened = await Promise.all(
          Array.from({ length: 50 }, () => watch(`${maps}?watch=true&resourceVersion=0&labelSelector=none`)),
        );
        for (const one of opened) one.stop();
      }
      const last = await watch(`${maps}?watch=true&fieldSelector=metadata.name%3Dafterwards`);
      await create("afterwards");
      await last.until(1);
      last.stop();
    }, 60_000);
  });
});
