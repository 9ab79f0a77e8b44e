/** For tests inside workerd: watches a type as the Worker does, and writes to the store. */
import { env as bindings } from "cloudflare:workers";
import postgres from "postgres";
import { CONTEXT_HEADER } from "../../schema/internal/context.ts";
import { encodeWatch, fanoutName } from "../../schema/internal/watch.ts";
import type { WatchContext } from "../../schema/internal/watch.ts";
import type { CommitItem, CommitObject } from "../../schema/store/types.ts";
import type { DurableEnv } from "../env.ts";

export const env = bindings as unknown as DurableEnv;
export const hub = () => env.WATCH_HUB.getByName("main");
export const fanout = (type: string) => env.WATCH.getByName(fanoutName(type, 0));

/** A line of a watch, as far as tests look at it. */
export interface Line {
  readonly type: string;
  readonly object: {
    readonly kind?: string;
    readonly code?: number;
    readonly message?: string;
    readonly metadata: { readonly name?: string; readonly resourceVersion?: string };
    readonly data?: Readonly<Record<string, unknown>>;
  };
  readonly sealed?: string;
}

export class WatchClient {
  readonly lines: Line[] = [];
  /** How the stream ended. */
  end: "open" | "clean" | "broken" = "open";
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    if (response.body === null) throw new Error("a watch has a body");
    this.#reader = response.body.getReader();
    this.done = this.#read();
  }

  /** Revisions of the events, bookmarks left out. */
  get revisions(): number[] {
    return this.events.map(({ object }) => Number(object.metadata.resourceVersion));
  }

  get events(): Line[] {
    return this.lines.filter(({ type }) => type !== "BOOKMARK");
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        const parts = (text + decoder.decode(value, { stream: true })).split("\n");
        text = parts.pop() ?? "";
        this.lines.push(...parts.map((part) => JSON.parse(part) as Line));
      }
      this.end = text === "" ? "clean" : "broken";
    } catch {
      this.end = "broken";
    }
  }
}

export function openWatch(type: string, after: number, more: Partial<WatchContext> = {}): Promise<Response> {
  const watch: WatchContext = {
    v: 1,
    op: "watch",
    type,
    apiVersion: "v1",
    kind: "Test",
    after,
    bookmarks: false,
    timeoutMs: 60_000,
    sealedToo: false,
    ...more,
  };
  return fanout(type).fetch("http://watch/", { headers: { [CONTEXT_HEADER]: encodeWatch(watch) } });
}

export async function watch(
  type: string,
  after: number,
  more: Partial<WatchContext> = {},
): Promise<WatchClient> {
  const response = await openWatch(type, after, more);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return new WatchClient(response);
}

export function query<T extends object>(text: string): Promise<T[]> {
  const sql = postgres(env.DB.connectionString, { max: 1, idle_timeout: 1, fetch_types: false });
  return sql.unsafe<T[]>(text).then((rows) => [...rows]);
}

export async function revision(): Promise<number> {
  const [row] = await query<{ revision: number }>("select revision::float8 as revision from revision");
  return row?.revision ?? 0;
}

/** A change of one object. */
export function change(
  type: string,
  name: string,
  more: Partial<CommitObject> & { readonly data?: unknown } = {},
): CommitItem {
  const { data = {}, ...object } = more;
  const metadata = { name, ...(object.labels === undefined ? {} : { labels: object.labels }) };
  return {
    id: crypto.randomUUID(),
    objects: [
      {
        type,
        namespace: "",
        name,
        action: "create",
        uid: `${type}-${name}`,
        body:
          object.action === "delete"
            ? ""
            : JSON.stringify({ apiVersion: "v1", kind: "Test", metadata, data }),
        sealed: null,
        labels: {},
        fields: {},
        ...object,
      },
    ],
    work: [],
  };
}

/** Through `StoreWriter`. The revisions of all objects, in order. */
export async function commit(...items: readonly CommitItem[]): Promise<number[]> {
  const results = await env.STORE_WRITER.getByName("main").commit(items);
  return results.flatMap((result) => {
    if (!result.ok) throw new Error(result.reason);
    return [...result.revisions];
  });
}
