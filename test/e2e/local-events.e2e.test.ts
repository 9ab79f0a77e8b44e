/** Events of core/v1 and events.k8s.io/v1 are the same rows (design 3), with a real kube-apiserver as the yardstick. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runKubectl } from "../testbed/kubectl.ts";
import { startTestbed } from "../testbed/start.ts";
import type { Testbed } from "../testbed/start.ts";
import { eventually, loginAs, removeDataDir, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { writeLocalKubeconfig } from "./local.ts";

const password = "events passphrase";
const newer = "/apis/events.k8s.io/v1/namespaces/lab/events";
const core = "/api/v1/namespaces/lab/events";

const event = (name: string, more: object = {}): object => ({
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name },
  eventTime: "2026-11-30T01:02:03.123456Z",
  type: "Normal",
  reason: "Tested",
  action: "Testing",
  note: "it works",
  reportingController: "example.com/tester",
  reportingInstance: "tester-1",
  regarding: { apiVersion: "v1", kind: "ConfigMap", name: "thing", namespace: "lab" },
  ...more,
});
const coreEvent = (name: string): object => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name },
  involvedObject: { apiVersion: "v1", kind: "ConfigMap", name: "other", namespace: "lab" },
  reason: "Old",
  message: "of the older kind",
  type: "Warning",
  source: { component: "old" },
  firstTimestamp: "2026-11-30T01:00:00Z",
  lastTimestamp: "2026-11-30T02:00:00Z",
  count: 3,
});

const everyServersOwn = ["uid", "resourceVersion", "creationTimestamp", "managedFields"];
/** Ours counts the generations of every type, and says in a list, too, what its items are. */
const extra: Readonly<Record<string, readonly string[]>> = {
  metadata: ["generation"],
  items: ["apiVersion", "kind"],
};

/** Without what differs from server to server, and what Go writes of what is not set. */
function plain(value: unknown, drop: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, drop));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .filter(([name]) => !everyServersOwn.includes(name) && !drop.includes(name))
    .map(([name, member]) => [name, plain(member, extra[name])] as const)
    .filter(([, member]) => member !== null && member !== "" && JSON.stringify(member) !== "{}");
  return Object.fromEntries(kept);
}

describe("Events in two groups", () => {
  let drover: Drover;
  let testbed: Testbed;
  let home: string;
  let ours: string;

  const run = (config: string, args: readonly string[], body?: object) =>
    runKubectl(
      { kubectl: testbed.kubectl, kubeconfig: config, home },
      args,
      body === undefined ? {} : { input: JSON.stringify(body) },
    );
  /** What a request answers: the object or objects, or the words of the refusal. */
  async function ask(config: string, args: readonly string[], body?: object): Promise<unknown> {
    const { code, stdout, stderr } = await run(config, args, body);
    if (code !== 0) return stderr.trim();
    return stdout
      .trim()
      .split("\n")
      .map((line) => plain(JSON.parse(line)));
  }
  /** The same steps on both servers; answers with what both answered, or fails. */
  async function both(
    steps: readonly (readonly [args: readonly string[], body?: object])[],
  ): Promise<unknown[]> {
    const transcripts = [];
    for (const config of [ours, testbed.kubeconfig]) {
      const transcript: unknown[] = [];
      for (const [args, body] of steps) transcript.push([args.join(" "), await ask(config, args, body)]);
      transcripts.push(transcript);
    }
    expect(transcripts[0]).toEqual(transcripts[1]);
    return transcripts[0] ?? [];
  }
  const post = (path: string, body: object) => [["create", "--raw", path, "-f", "-"], body] as const;
  const put = (path: string, body: object) => [["replace", "--raw", path, "-f", "-"], body] as const;
  const get = (path: string) => [["get", "--raw", path]] as const;
  const remove = (path: string) => [["delete", "--raw", path]] as const;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "drover-events-"));
    [drover, testbed] = await Promise.all([
      startDrover({ args: ["--bootstrap-password", password] }),
      startTestbed({ onProgress: (line) => console.error(line) }),
    ]);
    const { token } = await loginAs(drover, "admin", password);
    ours = join(home, "kc");
    writeLocalKubeconfig(ours, drover, token);
    for (const config of [ours, testbed.kubeconfig]) await run(config, ["create", "namespace", "lab"]);
  }, 900_000);

  afterAll(async () => {
    await drover?.stop();
    await testbed?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it("are written in one and read in the other, found by the fields of each", async () => {
    const seen = await both([
      post(newer, event("made-new")),
      post(core, coreEvent("made-old")),
      get(`${core}/made-new`),
      get(`${newer}/made-old`),
      get(newer),
      get(core),
      get(`${newer}?fieldSelector=regarding.name%3Dthing`),
      get(`${newer}?fieldSelector=reportingController%21%3Dexample.com/tester,type%3DWarning`),
      get(`${core}?fieldSelector=involvedObject.name%3Dthing`),
      get("/apis/events.k8s.io/v1/events?fieldSelector=metadata.namespace%3Dlab"),
    ]);
    expect(seen[2]).toMatchObject([
      expect.anything(),
      [{ message: "it works", involvedObject: { name: "thing" } }],
    ]);
    expect(seen[3]).toMatchObject([expect.anything(), [{ note: "of the older kind", deprecatedCount: 3 }]]);
  });

  it("are judged by the stricter rules of the newer group, in its words", async () => {
    await both([
      post(newer, event("no-time", { eventTime: null })),
      post(newer, event("odd-type", { type: "Odd" })),
      post(newer, event("no-reporter", { reportingInstance: "", action: "" })),
      post(newer, event("older", { deprecatedCount: 2, deprecatedSource: { component: "x" } })),
      post(
        newer,
        event("short-series", { series: { count: 1, lastObservedTime: "2026-11-30T01:02:03.000000Z" } }),
      ),
    ]);
  });

  it("change only in their series, by PUT and by patch", async () => {
    const series = { count: 2, lastObservedTime: "2026-11-30T01:05:00.000000Z" };
    const merge = (body: object) =>
      [
        [
          "-n",
          "lab",
          "patch",
          "events.events.k8s.io",
          "changing",
          "--type=merge",
          "-o",
          "json",
          "-p",
          JSON.stringify(body),
        ],
      ] as const;
    const answers = [];
    for (const config of [ours, testbed.kubeconfig]) {
      const of = async (args: readonly string[], body?: object): Promise<unknown> => {
        const { code, stdout, stderr } = await run(config, args, body);
        return code === 0 ? plain(JSON.parse(stdout)) : stderr.trim();
      };
      answers.push([
        await of(...post(newer, event("changing"))),
        await of(...put(`${newer}/changing`, event("changing", { series }))),
        await of(...put(`${newer}/changing`, event("changing", { note: "another" }))),
        await of(...merge({ series: { count: 3 } })),
        await of(...merge({ note: "another", type: "Warning" })),
        await of(...get(`${core}/changing`)),
      ]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[5]).toMatchObject({ series: { count: 3 }, message: "it works" });
  });

  it("are applied by the server in either shape", async () => {
    const apply = (body: object) =>
      [["-n", "lab", "apply", "--server-side", "-o", "json", "-f", "-"], body] as const;
    const answers = [];
    for (const config of [ours, testbed.kubeconfig]) {
      const of = async (args: readonly string[], body?: object): Promise<unknown> => {
        const { code, stdout, stderr } = await run(config, args, body);
        return code === 0 ? plain(JSON.parse(stdout)) : stderr.trim().split("\n")[0];
      };
      answers.push([
        await of(...apply(event("applied"))),
        await of(...apply(event("applied", { note: "another" }))),
        await of(...apply(event("applied-odd", { type: "Odd" }))),
        await of(...get(`${core}/applied`)),
      ]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it("are watched in the shape that is asked for, and deleted in either", async () => {
    const selected = (path: string, field: string): string =>
      `${path}?watch=1&timeoutSeconds=3&fieldSelector=${field}%3Dwatched`;
    const about = { regarding: { kind: "ConfigMap", name: "watched", namespace: "lab" } };
    const watches = [ours, testbed.kubeconfig].map(async (config) => {
      const streams = [
        ask(config, ["get", "--raw", selected(newer, "regarding.name")]),
        ask(config, ["get", "--raw", selected(core, "involvedObject.name")]),
      ];
      await new Promise((resolve) => setTimeout(resolve, 500));
      await ask(config, ...post(newer, event("seen", about)));
      await ask(config, ...remove(`${newer}/seen`));
      return Promise.all(streams);
    });
    const [our, their] = await Promise.all(watches);
    expect(our).toEqual(their);
    expect(our?.[0]).toMatchObject([
      { type: "ADDED", object: { apiVersion: "events.k8s.io/v1", note: "it works" } },
      { type: "DELETED", object: { apiVersion: "events.k8s.io/v1", note: "it works" } },
    ]);
    expect((await run(ours, ["-n", "lab", "get", "events.events.k8s.io"])).stdout).toMatch(
      /Tested\s+configmap\/thing/,
    );
  });

  it("need rights in the group that they are asked in", async () => {
    await run(ours, ["-n", "lab", "create", "serviceaccount", "reader"]);
    await run(ours, [
      "-n",
      "lab",
      "create",
      "role",
      "newer",
      "--verb=get,list",
      "--resource=events.events.k8s.io",
    ]);
    await run(ours, [
      "-n",
      "lab",
      "create",
      "rolebinding",
      "newer",
      "--role=newer",
      "--serviceaccount=lab:reader",
    ]);
    const token = (await run(ours, ["-n", "lab", "create", "token", "reader"])).stdout.trim();
    const reader = join(home, "reader");
    writeLocalKubeconfig(reader, drover, token);
    await eventually("the binding works", 12_000, async () =>
      (await run(reader, ["get", "--raw", newer])).code === 0 ? true : undefined,
    );
    expect((await run(reader, ["get", "--raw", core])).stderr).toContain("Forbidden");
    expect((await run(reader, ["delete", "--raw", `${newer}/made-new`])).stderr).toContain("Forbidden");
    expect((await run(reader, ["get", "--raw", "/api/v1/namespaces/lab/configmaps"])).stderr).toContain(
      "Forbidden",
    );
  });
});
