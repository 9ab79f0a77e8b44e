/** For unit tests: events of a log, and what a watch's stream gives. */
import type { WatchContext } from "../../schema/internal/watch.ts";
import type { LogEvent } from "../../schema/store/log.ts";

/** An ADDED event of `tests`, unless `more` says otherwise. */
export function event(revision: number, more: Partial<LogEvent> = {}): LogEvent {
  const name = more.name ?? `o-${revision}`;
  return {
    revision,
    type: "tests",
    namespace: "",
    name,
    uid: `uid-${name}`,
    kind: "ADDED",
    body: body({ name }),
    sealed: null,
    labels: {},
    before: null,
    beforeSealed: null,
    beforeLabels: null,
    ...more,
  };
}

export function body(metadata: object, more: object = {}): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Test", metadata, ...more });
}

export function watchContext(more: Partial<WatchContext> = {}): WatchContext {
  return {
    v: 1,
    op: "watch",
    type: "tests",
    apiVersion: "v1",
    kind: "Test",
    after: 0,
    bookmarks: false,
    timeoutMs: 60_000,
    sealedToo: false,
    ...more,
  };
}

interface Line {
  readonly type: string;
  readonly object: { readonly metadata: { readonly resourceVersion?: string }; readonly message?: string };
}

/** Reads a stream to its end, or to as many lines as are wanted. */
export async function linesOf(stream: ReadableStream<Uint8Array>, count = Infinity): Promise<Line[]> {
  const lines: Line[] = [];
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  while (lines.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    lines.push(
      ...decoder
        .decode(value)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Line),
    );
  }
  reader.releaseLock();
  return lines;
}

/** Revisions of lines. */
export function revisions(lines: readonly Line[]): number[] {
  return lines.map(({ object }) => Number(object.metadata.resourceVersion));
}
