/** The history that `clientgo history` writes: what each client did and saw, a record a line. Pure. */

/** An object as somebody saw it. `value` is unique to one write; `label` is the same value, kept as a label. */
export interface SeenObject {
  readonly key: string;
  readonly uid: string;
  readonly revision: number;
  readonly value: string;
  readonly label: string;
}

export interface Precondition {
  readonly uid?: string;
  readonly revision?: number;
}

export type WriteCall = "create" | "update" | "delete";
export type Call = WriteCall | "get" | "list";
export type EventType = "ADDED" | "MODIFIED" | "DELETED";

/** `at` is in ns since the start, on one monotonic clock: before a request is sent, after an answer is there. */
export type HistoryRecord = { readonly at: number; readonly process: string } & (
  | {
      readonly kind: "invoke";
      readonly op: number;
      readonly call: Call;
      readonly key?: string;
      readonly value?: string;
      readonly precondition?: Precondition;
    }
  | {
      readonly kind: "ok";
      readonly op: number;
      /** Of the write, or of the list. A delete has none: Kubernetes does not say. */
      readonly revision?: number;
      readonly uid?: string;
      /** Of a get; without it there was no such object. */
      readonly object?: SeenObject;
      readonly objects?: readonly SeenObject[];
    }
  /** It certainly had no effect. */
  | { readonly kind: "fail"; readonly op: number; readonly reason: string }
  /** Nobody knows. */
  | { readonly kind: "unknown"; readonly op: number; readonly reason: string }
  /** A watcher has a list, from which it goes on. */
  | {
      readonly kind: "synced";
      readonly began: number;
      readonly how: "list" | "stream";
      readonly revision: number;
      readonly objects: readonly SeenObject[];
    }
  | { readonly kind: "event"; readonly event: EventType; readonly object: SeenObject }
  | { readonly kind: "bookmark"; readonly revision: number }
  /** The watcher could not go on from where it was: its next record is `synced`. */
  | { readonly kind: "expired"; readonly reason: string }
  | { readonly kind: "disconnect"; readonly reason: string }
  /** The server does not give lists as streams; the watcher lists from then on. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The watcher's last record: up to which revision it followed. */
  | { readonly kind: "stopped"; readonly revision?: number }
);

export type RecordOf<K extends HistoryRecord["kind"]> = Extract<HistoryRecord, { readonly kind: K }>;

/** A request with its end. What was still under way when the history ends is `unknown`. */
export interface Operation {
  readonly op: number;
  readonly process: string;
  readonly call: Call;
  readonly key: string;
  readonly value: string | undefined;
  readonly precondition: Precondition;
  readonly began: number;
  /** Infinity when the history ends before. */
  readonly ended: number;
  readonly outcome: RecordOf<"ok"> | RecordOf<"fail"> | RecordOf<"unknown">;
}

/** Reads JSON lines. Throws when one is not JSON; their shape is the Go program's promise. */
export function parseHistory(text: string): HistoryRecord[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as HistoryRecord);
}

/** Pairs each invocation with its completion, in the order of invocation. */
export function operationsOf(records: readonly HistoryRecord[]): Operation[] {
  const outcomes = new Map<number, Operation["outcome"]>();
  for (const record of records) {
    if (record.kind === "ok" || record.kind === "fail" || record.kind === "unknown") {
      outcomes.set(record.op, record);
    }
  }
  return records.flatMap((record) => {
    if (record.kind !== "invoke") return [];
    const { op, process, call, key = "", value, precondition = {}, at: began } = record;
    const outcome = outcomes.get(op) ?? unfinished(op, process);
    return [{ op, process, call, key, value, precondition, began, ended: outcome.at, outcome }];
  });
}

function unfinished(op: number, process: string): RecordOf<"unknown"> {
  return { kind: "unknown", at: Number.POSITIVE_INFINITY, process, op, reason: "the history ends before" };
}

export function isWrite({ call }: Operation): boolean {
  return call === "create" || call === "update" || call === "delete";
}

/** For messages: `update 17 of key-03 by writer-2`. */
export function nameOf({ call, op, key, process }: Operation): string {
  return `${call} ${op}${key === "" ? "" : ` of ${key}`} by ${process}`;
}

/** For messages: seconds since the start. */
export function clock(at: number): string {
  return Number.isFinite(at) ? `${(at / 1e9).toFixed(3)} s` : "the end";
}
