/** The one committer (design 3): gathers what arrives while a batch is under way into the next batch. No business rules. */
import { DurableObject } from "cloudflare:workers";
import type { StoreWriterRpc } from "../../schema/internal/rpc.ts";
import { batchLength } from "../../schema/store/batch.ts";
import { commitBatch } from "../../schema/store/commit.ts";
import type { CommitItem, CommitResult } from "../../schema/store/types.ts";
import type { DurableEnv } from "../env.ts";
import { within } from "../within.ts";
import { CommitNotices } from "./commit-notices.ts";
import { KeptConnection } from "./kept-connection.ts";
import { RecentBodies } from "./recent-bodies.ts";

/** Every object costs a little less than this much memory several times over: the queue is bounded by items. */
const maxQueue = 4_096;
const connectionAttempts = 5;
/** A hub that does not answer must not keep the next notice back. */
const noticeMs = 5_000;

interface Waiting {
  readonly item: CommitItem;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

export class StoreWriter extends DurableObject<DurableEnv> implements StoreWriterRpc {
  readonly #connection = new KeptConnection(this.env.DB);
  readonly #queue: Waiting[] = [];
  readonly #notices = new CommitNotices((notice) =>
    within(noticeMs, "WatchHub", this.env.WATCH_HUB.getByName("main").committed(notice)),
  );
  readonly #bodies = new RecentBodies();
  #running: Promise<void> | undefined;

  /**
   * One result per item, in order. Rejects only when the database cannot be reached: the caller may send the same ids
   * again by another way. What another way would not help is a result: overload, and what the database refuses.
   */
  async commit(items: readonly CommitItem[]): Promise<readonly CommitResult[]> {
    if (this.#queue.length + items.length > maxQueue)
      return items.map(() => ({ ok: false, reason: "overloaded" }));
    const results = items.map(
      (item) => new Promise<CommitResult>((resolve, reject) => this.#queue.push({ item, resolve, reject })),
    );
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    // All are looked at, so that none rejects unheard.
    const settled = await Promise.allSettled(results);
    const failed = settled.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  }

  /** The hub asks for it when watchers come. */
  async resumeWatch(): Promise<void> {
    this.#notices.resume();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchLength(this.#queue.map(({ item }) => item)));
      await this.#commitBatch(batch);
    }
  }

  async #commitBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const items = batch.map(({ item }) => item);
      const results = await commitSurely(this.#connection, items);
      const due = batch.flatMap(({ item }, index) => (results[index]?.ok === true ? item.work : []));
      if (due.length > 0) this.#poke(Math.min(...due.map(({ runAt }) => runAt)));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error("the commit gave no result"));
        else resolve(result);
      });
      // After the answers, which never wait for it.
      const events = this.#notices.isHeard ? this.#bodies.eventsOf(items, results) : undefined;
      this.ctx.waitUntil(this.#notices.committed(results, events));
    } catch (error) {
      const [only, ...others] = batch;
      if (isConnectionError(error)) for (const { reject } of batch) reject(error);
      else if (only !== undefined && others.length === 0)
        only.resolve({ ok: false, reason: "refused", detail: String(error) });
      // One item that the database refuses must not take the others with it.
      else for (const one of batch) await this.#commitBatch([one]);
    }
  }

  /** A lost poke is found by the sweep; the writer does not wait for the runner. */
  #poke(runAt: number): void {
    this.ctx.waitUntil(
      this.env.SCHEDULER.getByName("main")
        .poke(runAt)
        .catch((error: unknown) =>
          console.warn(JSON.stringify({ level: "warn", message: "poke failed", error: String(error) })),
        ),
    );
  }
}

/** Again with the same ids when the connection broke: what was applied already is only looked up. */
async function commitSurely(
  connection: KeptConnection,
  items: readonly CommitItem[],
): Promise<CommitResult[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connection.use((sql) => commitBatch(sql, items));
    } catch (error) {
      if (!isConnectionError(error) || attempt === connectionAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
  }
}

/** postgres.js's own errors, Node's, SQLSTATE classes 08 (connection), 53 (resources), 57P0x (shutdown), and workerd's words. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /^(CONNECT|CONNECTION_|ECONN|EPIPE|ETIMEDOUT|08|53|57P0)/.test(code) ||
    /network connection lost|cannot connect|socket has been closed/i.test(error.message)
  );
}
