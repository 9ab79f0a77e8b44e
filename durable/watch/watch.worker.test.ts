/** The watch objects inside workerd, on a real PostgreSQL. Each test has a type, and so a fan-out, of its own. */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import postgres from "postgres";
import { describe, expect, it, vi } from "vitest";
import { fanoutName } from "../../schema/internal/watch.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import type { CommitItem } from "../../schema/store/types.ts";
import {
  WatchClient,
  change,
  commit,
  env,
  fanout,
  hub,
  openWatch,
  query,
  revision,
  watch,
} from "./test-client.ts";

/** As a Worker does that cannot reach `StoreWriter`: nobody is told. */
async function commitSilently(...items: readonly CommitItem[]): Promise<void> {
  const sql = postgres(env.DB.connectionString, { max: 1, idle_timeout: 1, fetch_types: false });
  for (const item of items) await commitBatch(sql, [item]);
}

const many = (type: string, prefix: string, count: number): CommitItem[] =>
  Array.from({ length: count }, (_, index) => change(type, `${prefix}-${index}`));

/** As so many requests at once. */
const commitEach = async (items: readonly CommitItem[]): Promise<number[]> =>
  (await Promise.all(items.map((item) => commit(item)))).flat();

/** Patient, for machines that are busy. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 20_000 });

const listeners = async (): Promise<number> => (await hub().committed({ from: 0, to: 0 })).listeners;

/** The hub then reads when it is told to, and not by itself. One that looks all the time is never idle either. */
async function withoutChecks(test: () => Promise<void>): Promise<void> {
  const limits = globalThis.testWatchLimits;
  if (limits === undefined) throw new Error("test/setup/worker.ts sets them");
  const { checkMs } = limits;
  limits.checkMs = 600_000;
  try {
    await test();
  } finally {
    limits.checkMs = checkMs;
  }
}

/** What the log has of a type after a revision: what a watch from there must see. */
async function logged(type: string, after: number): Promise<number[]> {
  const rows = await query<{ revision: number }>(
    `select revision::float8 as revision from events where type = '${type}' and revision > ${after} order by 1`,
  );
  return rows.map(({ revision }) => revision);
}

describe("a watch", () => {
  it("gets every change after its revision as Kubernetes words it", async () => {
    const before = await revision();
    const [early] = await commit(change("plain", "early"));
    const client = await watch("plain", before);
    const [added] = await commit(change("plain", "a", { data: { x: 0 } }));
    const [modified] = await commit(change("plain", "a", { action: "update", data: { x: 1 } }));
    const [deleted] = await commit(change("plain", "a", { action: "delete" }));
    const object = (revision: number | undefined, name: string, data: object) => ({
      apiVersion: "v1",
      kind: "Test",
      metadata: { resourceVersion: String(revision), name },
      data,
    });
    await eventually(() => client.lines.length).toBe(4);
    expect(client.lines).toEqual([
      { type: "ADDED", object: object(early, "early", {}) },
      { type: "ADDED", object: object(added, "a", { x: 0 }) },
      { type: "MODIFIED", object: object(modified, "a", { x: 1 }) },
      { type: "DELETED", object: object(deleted, "a", { x: 1 }) },
    ]);
    await client.leave();
  });

  it("hears nothing of other types", async () => {
    const client = await watch("mine", await revision());
    await commit(change("others", "a"));
    const [own] = await commit(change("mine", "a"));
    await commit(change("others", "b"));
    await eventually(() => client.revisions).toEqual([own]);
    await client.leave();
  });

  it("carries the sealed part only where it is asked for and there is one", async () => {
    const before = await revision();
    const opened = await watch("secretive", before, { sealedToo: true });
    const closed = await watch("secretive", before);
    await commit(change("secretive", "s", { namespace: "ns", sealed: "s1:x" }));
    await commit(change("secretive", "open", { namespace: "ns" }));
    await commit(change("secretive", "s", { namespace: "ns", action: "delete" }));
    await eventually(() => [opened.lines.length, closed.lines.length]).toEqual([3, 3]);
    const opening = { sealed: "s1:x", uid: "secretive-s", namespace: "ns", name: "s" };
    expect(opened.lines[0]).toMatchObject({ type: "ADDED", ...opening });
    expect(opened.lines[1]).not.toHaveProperty("sealed");
    expect(opened.lines[2]).toMatchObject({ type: "DELETED", ...opening });
    for (const line of closed.lines) expect(Object.keys(line)).toEqual(["type", "object"]);
    await Promise.all([opened.leave(), closed.leave()]);
  });

  it("sees an object come and go as its selectors say", async () => {
    const before = await revision();
    const byLabel = await watch("labelled", before, { labelSelector: "team=a" });
    const byField = await watch("labelled", before, { fieldSelector: "data.phase!=Done" });
    const label = (team: string) => ({
      labels: { team },
      data: { phase: team === "c" ? "Done" : "Running" },
    });
    await commit(change("labelled", "x", label("b")));
    const [came] = await commit(change("labelled", "x", { action: "update", ...label("a") }));
    const [stayed] = await commit(change("labelled", "x", { action: "update", ...label("a") }));
    const [went] = await commit(change("labelled", "x", { action: "update", ...label("c") }));
    await commit(change("labelled", "x", { action: "delete" }));
    await eventually(() => byLabel.lines.length).toBe(3);
    expect(byLabel.lines.map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    expect(byLabel.revisions).toEqual([came, stayed, went]);
    // What left the selection is shown as it was in it.
    expect(byLabel.lines[2]?.object.data).toEqual({ phase: "Running" });
    await eventually(() => byField.lines.length).toBe(4);
    expect(byField.lines.map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "MODIFIED", "DELETED"]);
    expect(byField.revisions.at(-1)).toBe(went);
    await Promise.all([byLabel.leave(), byField.leave()]);
  });

  it("loses, doubles and reorders nothing for 50 watchers who join anywhere during 500 writes at once", async () => {
    const before = await revision();
    const watchers: { after: number; client: WatchClient }[] = [];
    const first = await watch("crowd", before);
    const commits = commitEach(many("crowd", "o", 500));
    let writing = true;
    const written = commits.finally(() => (writing = false));
    while (watchers.length < 49) {
      // At once, from wherever the store is, or from anything that the first one has seen: also before the ring.
      const seen = [before, ...first.revisions];
      const known = seen[Math.floor(Math.random() * seen.length)] ?? before;
      const after = writing && Math.random() < 0.5 ? await revision() : known;
      watchers.push({ after, client: await watch("crowd", after) });
    }
    await written;
    const all = await logged("crowd", before);
    expect(all).toHaveLength(500);
    for (const { after, client } of [{ after: before, client: first }, ...watchers]) {
      const expected = all.filter((revision) => revision > after);
      await eventually(() => client.revisions.length).toBe(expected.length);
      expect(client.revisions).toEqual(expected);
      await client.leave();
    }
  });

  it("gets nothing that is not newer than a revision of which the fan-out has not heard", async () => {
    const witness = await watch("ahead", await revision());
    const ahead = await watch("ahead", (await revision()) + 3);
    const revisions = await commit(...many("ahead", "o", 5));
    await eventually(() => witness.revisions).toEqual(revisions);
    await eventually(() => ahead.revisions).toEqual(revisions.slice(3));
    await Promise.all([witness.leave(), ahead.leave()]);
  });

  it("is told to list anew when its revision is compacted, and not when the first kept event is the next", async () => {
    const [first, second, third] = await commit(...many("old", "o", 3));
    await query(`update revision set compacted = ${second}`);
    try {
      const expired = await watch("old", first ?? 0);
      await expired.done;
      expect(expired.end).toBe("clean");
      expect(expired.lines).toEqual([
        {
          type: "ERROR",
          object: {
            kind: "Status",
            apiVersion: "v1",
            metadata: {},
            status: "Failure",
            message: `too old resource version: ${first} (${second})`,
            reason: "Expired",
            code: 410,
          },
        },
      ]);
      const kept = await watch("old", second ?? 0);
      await eventually(() => kept.revisions).toEqual([third]);
      await kept.leave();
    } finally {
      await query("update revision set compacted = 0");
    }
  });

  it("ends for whom a change of rights leaves none, and goes on for all others", async () => {
    const at = await revision();
    globalThis.testGrants = { revision: at, revoked: [] };
    const [mine, other, free] = [
      await watch("granted", at, { grant: "mine" }),
      await watch("granted", at, { grant: "other" }),
      await watch("granted", at),
    ];
    await commit(change("granted", "before"));
    await eventually(() => mine.lines.length).toBe(1);
    // Nothing is asked before a change that may take rights away.
    globalThis.testGrants = { revision: at + 1_000, revoked: ["mine"] };
    await commit(change("granted", "between"));
    await eventually(() => mine.lines.length).toBe(2);
    expect(mine.end).toBe("open");
    await commit(change("roles.rbac.authorization.k8s.io", `changed-${at}`));
    await eventually(() => mine.end).toBe("clean");
    await commit(change("granted", "after"));
    await eventually(() => [mine, other, free].map(({ lines }) => lines.length)).toEqual([2, 3, 3]);
    await Promise.all([other.leave(), free.leave()]);
    globalThis.testGrants = undefined;
  });

  it("that begins without a right any more ends at once", async () => {
    globalThis.testGrants = { revision: 1, revoked: ["gone"] };
    const late = await watch("granted-late", await revision(), { grant: "gone" });
    await eventually(() => late.end).toBe("clean");
    globalThis.testGrants = undefined;
  });

  it("ends by itself after its time, in one piece", async () => {
    const client = await watch("timed", await revision(), { timeoutMs: 300 });
    const [one] = await commit(change("timed", "a"));
    await client.done;
    expect(client.end).toBe("clean");
    expect(client.revisions).toEqual([one]);
  });

  it("gets bookmarks now and then and before it ends, up to date also where only other types change", async () => {
    const quiet = await watch("quiet", await revision(), { timeoutMs: 1_500 });
    const marked = await watch("quiet", await revision(), { timeoutMs: 1_500, bookmarks: true });
    const [other] = await commit(change("loud", "a"));
    await Promise.all([quiet.done, marked.done]);
    expect(quiet.lines).toEqual([]);
    expect(marked.lines.length).toBeGreaterThan(1);
    expect(marked.lines.every(({ type }) => type === "BOOKMARK")).toBe(true);
    expect(marked.lines.at(-1)).toEqual({
      type: "BOOKMARK",
      object: {
        kind: "Test",
        apiVersion: "v1",
        metadata: { resourceVersion: String(other) },
      },
    });
  });

  it("is refused with 503 where there is no room, and with 400 where it makes no sense", async () => {
    const before = await revision();
    const clients = await Promise.all(Array.from({ length: 60 }, () => watch("full", before)));
    const refused = await openWatch("full", before);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ kind: "Status", code: 503 });
    // Who leaves makes room at once.
    await clients.pop()?.leave();
    clients.push(await watch("full", before));
    await Promise.all(clients.map((client) => client.leave()));
    expect((await openWatch("full", before, { labelSelector: "a in" })).status).toBe(400);
    expect((await fanout("full").fetch("http://watch/")).status).toBe(400);
    expect((await fanout("another").fetch(new Request("http://watch/"))).status).toBe(400);
  });
});

describe("the watch objects", () => {
  it("make up for commits that nobody told them of", async () => {
    const client = await watch("untold", await revision());
    await commitSilently(...many("untold", "o", 20));
    await eventually(() => client.revisions.length).toBe(20);
    expect(client.revisions).toEqual(await logged("untold", 0));
    await client.leave();
  });

  it("hear of commits from StoreWriter, and again after a time in which nobody listened", () =>
    withoutChecks(async () => {
      const client = await watch("told", await revision());
      const [first] = await commit(change("told", "a"));
      await eventually(() => client.revisions).toEqual([first]);
      await client.leave();
      await eventually(listeners).toBe(0);
      // Its answer tells StoreWriter to stop.
      await commit(change("told", "b"));
      const next = await watch("told", await revision());
      const [last] = await commit(change("told", "c"));
      await eventually(() => next.revisions).toEqual([last]);
      await next.leave();
    }));

  it("are told what changed by StoreWriter: the hub reads nothing for it", () =>
    withoutChecks(async () => {
      const before = await revision();
      const client = await watch("pushed", before);
      let [last] = await commit(change("pushed", "a"));
      await eventually(() => client.revisions).toEqual([last]);
      const { reads } = await hub().statistics();
      const seen = [last];
      for (let x = 0; x < 20; x++) {
        [last] = await commit(
          change("pushed", "a", { action: "update", expectRevision: last ?? 0, data: { x } }),
        );
        seen.push(last);
      }
      seen.push(...(await commit(change("pushed", "a", { action: "delete", expectRevision: last ?? 0 }))));
      await eventually(() => client.revisions).toEqual(seen);
      expect((await hub().statistics()).reads).toBe(reads);
      expect(client.lines.at(-1)).toMatchObject({ type: "DELETED", object: { data: { x: 19 } } });
      await client.leave();
    }));

  it("go on when the hub is evicted: no stream breaks, and nothing is lost", () =>
    withoutChecks(async () => {
      const before = await revision();
      const client = await watch("hubless", before);
      await commit(change("hubless", "before"));
      await eventually(() => client.revisions.length).toBe(1);
      await evictDurableObject(hub());
      await commitEach(many("hubless", "o", 100));
      const all = await logged("hubless", before);
      await eventually(() => client.revisions.length).toBe(all.length);
      expect(client.revisions).toEqual(all);
      expect(client.end).toBe("open");
      await client.leave();
    }));

  it("lose nothing when all of them die: who watches again from the last revision sees the rest once", async () => {
    const before = await revision();
    const seen: number[] = [];
    const quiet = vi.spyOn(console, "warn").mockReturnValue();
    let client = await watch("mortal", before);
    const items = many("mortal", "o", 200);
    const commits = items.map((item) => commit(item).catch(() => undefined));
    await eventually(() => client.revisions.length).toBeGreaterThan(0);
    await abortAllDurableObjects();
    await client.done;
    expect(client.end).toBe("broken");
    seen.push(...client.revisions);
    await Promise.all(commits);
    client = await watch("mortal", seen.at(-1) ?? before);
    await commit(change("mortal", "last"));
    const all = await logged("mortal", before);
    await eventually(() => seen.length + client.revisions.length).toBe(all.length);
    expect([...seen, ...client.revisions]).toEqual(all);
    await client.leave();
    quiet.mockRestore();
  });

  it("cut a watcher that does not read, and nobody else waits for it", async () => {
    const before = await revision();
    const slow = await openWatch("heavy", before);
    const fast = await watch("heavy", before);
    const data = "x".repeat(50_000);
    for (let index = 0; index < 40; index++) await commit(change("heavy", `o-${index}`, { data }));
    await eventually(() => fast.revisions).toEqual(await logged("heavy", before));
    const late = new WatchClient(slow);
    await late.done;
    expect(late.end).toBe("clean");
    expect(late.revisions.length).toBeLessThan(40);
    const again = await watch("heavy", late.revisions.at(-1) ?? before);
    await eventually(() => late.revisions.length + again.revisions.length).toBe(40);
    expect([...late.revisions, ...again.revisions]).toEqual(fast.revisions);
    await Promise.all([fast.leave(), again.leave()]);
  });

  it("tell watchers to list anew when the log was compacted before the hub had read it", () =>
    withoutChecks(async () => {
      const client = await watch("overtaken", await revision());
      const [seen] = await commit(change("overtaken", "a"));
      await eventually(() => client.revisions).toEqual([seen]);
      await commitSilently(...many("overtaken", "o", 3));
      const compacted = (await revision()) - 1;
      await query(`update revision set compacted = ${compacted}`);
      try {
        await commit(change("overtaken", "b"));
        await client.done;
        expect(client.lines.at(-1)).toMatchObject({
          type: "ERROR",
          object: { code: 410, message: `too old resource version: ${seen} (${compacted})` },
        });
        expect(client.lines).toHaveLength(2);
      } finally {
        await query("update revision set compacted = 0");
      }
    }));

  it("end the watches of a type when its definition has another spec or goes, and no others", async () => {
    const definitions = "customresourcedefinitions.apiextensions.k8s.io";
    const written = (action: "create" | "update", spec: object, status = "") =>
      change(definitions, "redefined", {
        action,
        body: JSON.stringify({ metadata: { name: "redefined" }, spec, status }),
      });
    await commit(written("create", { one: 1 }));
    const other = await watch("undefined", await revision());
    const early = await watch("redefined", await revision());
    await commit(written("update", { one: 1 }, "accepted"));
    const [seen] = await commit(change("redefined", "a"));
    await eventually(() => early.revisions).toEqual([seen]);
    expect(early.end).toBe("open");

    const before = await revision();
    await commit(written("update", { one: 2 }));
    await early.done;
    expect(early.end).toBe("clean");
    // From before the change: it is told of once, and who comes back stays.
    const late = await watch("redefined", before);
    const [next] = await commit(change("redefined", "b"));
    await eventually(() => late.revisions).toEqual([next]);
    expect(late.end).toBe("open");

    await commit(change(definitions, "redefined", { action: "delete" }));
    await late.done;
    expect(late.end).toBe("clean");
    expect(other.end).toBe("open");
    await other.leave();
  });

  it("rest when nobody watches, and begin anew with the next watcher", async () => {
    const client = await watch("resting", await revision());
    await eventually(listeners).toBeGreaterThan(0);
    await client.leave();
    await eventually(listeners).toBe(0);
    const before = await revision();
    const [unseen] = await commit(change("resting", "a"));
    await evictDurableObject(fanout("resting"));
    const next = await watch("resting", before);
    const [seen] = await commit(change("resting", "b"));
    await eventually(() => next.revisions).toEqual([unseen, seen]);
    await next.leave();
  });

  it("forget a fan-out without watchers that did not say that it left", async () => {
    await eventually(listeners).toBe(0);
    await hub().listen(fanoutName("ghost", 0), await revision());
    expect(await listeners()).toBe(1);
    await commit(change("ghost", "a"));
    await eventually(listeners).toBe(0);
  });
});
